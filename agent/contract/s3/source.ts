/**
 * How a model in an S3-compatible store is written: `s3://BUCKET/FOLDER[@PIN][:FILE or QUANT]`, or
 * `s3://BUCKET/FOLDER/FILE.gguf`. It is read as a repository: the folder is its name, and the pin the commit. Pure.
 */
import { createHash } from "node:crypto";
import type { HubSource } from "../gguf/hub-source.ts";

/** One file of a folder, as the store lists it. */
export interface S3Object {
  /** Below the folder. */
  name: string;
  bytes: number;
  /** Without quotation marks; it changes with the content. */
  etag: string;
}

export interface S3Folder {
  bucket: string;
  /** Without a slash at either end; empty for the whole bucket. */
  folder: string;
}

const written = /^s3:\/\/([^/@:]+)(?:\/([^@:]*))?(?:@([0-9a-f]{40}))?(?::(.+))?$/;
/** Older stores allow capitals and underscores, too. */
const bucket_pattern = /^(?!.*\.\.)[A-Za-z0-9][\w.-]{1,61}[A-Za-z0-9]$/;
/** It becomes the name of a folder on the host's disk. */
const longest_place = 240;

/** Undefined for text that names nothing in a store. */
export function parseS3Source(text: string): HubSource | undefined {
  const [, bucket = "", path = "", revision = null, said = null] = written.exec(text) ?? [];
  const parts = path.replace(/\/+$/, "").split("/");
  const isFile = /\.gguf$/i.test(path);
  if (isFile && said !== null) return undefined;
  const file = isFile ? parts.pop() : undefined;
  const folder = parts.join("/");
  const word = said ?? file ?? null;
  if (!bucket_pattern.test(bucket) || (folder !== "" && !isPlainName(folder))) return undefined;
  if (word !== null && !(isPlainName(word) && word.length <= 256)) return undefined;
  if (encodeURIComponent(`${bucket}/${folder}`).length > longest_place) return undefined;
  return { repository: placeOf({ bucket, folder }), revision, word };
}

export const isS3Place = (repository: string): boolean => repository.startsWith("s3://");

/** REPOSITORY is one of `parseS3Source`. */
export function s3Folder(repository: string): S3Folder {
  const [, bucket = "", folder = ""] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(repository) ?? [];
  return { bucket, folder };
}

/** `s3://BUCKET/FOLDER`. */
const placeOf = ({ bucket, folder }: S3Folder): string =>
  `s3://${bucket}${folder === "" ? "" : `/${folder}`}`;

/** The key of a file in the folder. */
export const keyOf = ({ folder }: S3Folder, name: string): string =>
  folder === "" ? name : `${folder}/${name}`;

/** Keys are whatever somebody has uploaded, and become paths on hosts: no way up or out, nothing invisible. */
export function isPlainName(name: string): boolean {
  const isShort = name.length <= 512;
  const parts = name.split("/");
  return isShort && parts.every((part) => !/^\.{0,2}$/.test(part) && !/[\\\p{C}]/u.test(part));
}

/** What these files are at this moment, in the form of a commit: another one as soon as any of them is another. */
export function pinOf(files: readonly S3Object[]): string {
  const lines = files.map(({ name, bytes, etag }) => JSON.stringify([name, bytes, etag]));
  return createHash("sha256").update(lines.toSorted().join("\n")).digest("hex").slice(0, 40);
}
