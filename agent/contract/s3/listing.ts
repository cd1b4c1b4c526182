/** The files of a folder of a store. Pure but for the requests, which are the caller's. */
import { partsOf, stemOf } from "../gguf/gguf-name.ts";
import type { S3Ask } from "./request.ts";
import { isPlainName, keyOf, type S3Folder, type S3Object } from "./source.ts";

/** Pages of 1,000 keys. */
const most_pages = 20;
const most_parts = 200;
export const most_page_bytes = 4 * 1024 * 1024;

interface Page {
  /** With its folders, from the top of the bucket. */
  objects: S3Object[];
  /** What asks for the next page; undefined after the last. */
  next: Readonly<Record<string, string>> | undefined;
}

export class TooManyFiles extends Error {}

export interface S3Answer {
  headers: Pick<Headers, "get">;
  bytes: Uint8Array;
}

export interface S3Reader {
  ask(request: S3Ask): Promise<S3Answer>;
  /** Whether an error of `ask` says that the key lacks a right. */
  isDenied(error: unknown): boolean;
}

/**
 * Of one GGUF file only what begins like it: there may be thousands beside it. Keys that are no plain paths
 * are left out. Throws TooManyFiles, an Error for an answer that is no listing, and what `ask` throws.
 */
export async function listFolder(
  place: S3Folder,
  word: string | null,
  reader: S3Reader,
): Promise<S3Object[]> {
  const file = /\.gguf$/i.test(word ?? "") ? (word ?? "") : undefined;
  try {
    return await listed(place, file === undefined ? "" : stemOf(file), reader);
  } catch (error) {
    if (file === undefined || !reader.isDenied(error)) throw error;
    // A key may be allowed to read and not to list, as by MinIO's own policy `readonly`.
    const parts = partsOf(file);
    const names = parts.length > most_parts ? [file] : parts;
    return Promise.all(names.map((name) => lookedAt(place, name, reader))).catch(() => {
      throw error;
    });
  }
}

async function listed(place: S3Folder, stem: string, { ask }: S3Reader): Promise<S3Object[]> {
  const prefix = keyOf(place, stem);
  const found: S3Object[] = [];
  let next: Page["next"];
  for (let page = 0; page < most_pages; page++) {
    const query = { "encoding-type": "url", "list-type": "2", prefix, ...next };
    const { bytes } = await ask({ method: "GET", bucket: place.bucket, query });
    const answer = pageIn(bytes);
    found.push(...answer.objects);
    next = answer.next;
    if (next === undefined) return found.flatMap((object) => below(place, object));
  }
  throw new TooManyFiles(`More than ${most_pages * 1000} files lie there.`);
}

async function lookedAt(place: S3Folder, name: string, { ask }: S3Reader): Promise<S3Object> {
  const { headers } = await ask({ method: "HEAD", bucket: place.bucket, key: keyOf(place, name) });
  const object = {
    name,
    bytes: Number(headers.get("content-length") ?? Number.NaN),
    etag: bareTag(headers.get("etag") ?? ""),
  };
  if (!isWhole(object)) throw new Error("It tells no size.");
  return object;
}

function below({ folder }: S3Folder, object: S3Object): S3Object[] {
  const start = folder === "" ? 0 : folder.length + 1;
  const name = object.name.slice(start);
  return isPlainName(name) ? [{ ...object, name }] : [];
}

/** Throws an Error when it is no page of ListObjectsV2, nor of the ListObjects that older stores answer instead. */
export function pageIn(bytes: Uint8Array): Page {
  const { ListBucketResult: root } = Bun.XML.parse(bytes);
  if (root === undefined) throw new Error("It is no list of a bucket.");
  // An element without anything in it is a text.
  const result = typeof root === "object" ? root : {};
  // Without this word a store has not encoded them, whatever it was asked.
  const decode = textOf(result["EncodingType"]) === "url" ? decodeKey : (key: string) => key;
  const contents = [result["Contents"] ?? []].flat().filter((entry) => typeof entry === "object");
  const objects = contents.map((entry) => ({
    name: decode(textOf(entry["Key"])),
    bytes: Number(textOf(entry["Size"])),
    etag: bareTag(textOf(entry["ETag"])),
  }));
  const more = textOf(result["IsTruncated"]) === "true";
  const token = textOf(result["NextContinuationToken"]);
  const next = () =>
    token === "" ? { marker: markerOf(objects) } : { "continuation-token": token };
  return { objects: objects.filter(isWhole), next: more ? next() : undefined };
}

/** A store that knows only the first version of the list goes on behind its last key (s3rver 2.2, Ceph before 14). */
function markerOf(objects: readonly S3Object[]): string {
  const last = objects.at(-1)?.name ?? "";
  if (last === "") throw new Error("It names no next page.");
  return last;
}

const isWhole = ({ name, bytes }: S3Object): boolean =>
  name !== "" && Number.isSafeInteger(bytes) && bytes >= 0;

/** As a form encodes: AWS writes a space as a plus, and a plus as %2B. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return "";
  }
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** An ETag without its quotation marks. */
export const bareTag = (etag: string): string => etag.replace(/^(?:W\/)?"(.*)"$/, "$1");
