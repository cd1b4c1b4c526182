import { StartError } from "../../replicas/start-error.ts";
import { askHub, type Hub } from "./hub-request.ts";
import { TransientError } from "./transient-error.ts";

/** A repository as one asker sees it. */
export interface RepositoryView {
  repository: string;
  /** A branch, a tag or a commit. */
  revision: string;
  token: string;
  signal: AbortSignal;
}

export interface HubListing {
  /** What the revision is now. */
  commit: string;
  /** Every file, with its folders. */
  names: string[];
}

export interface HubFile {
  name: string;
  bytes: number;
  /** SHA-256 of the content in hex; for a file that lies in git itself, git's SHA-1. */
  digest: string;
}

export const commit_pattern = /^[0-9a-f]{40}$/;
const digest_pattern = /^(?:[0-9a-f]{64}|[0-9a-f]{40})$/;
/** Names become paths on this host. */
const plain_name = /^(?!\/)(?!(?:.*\/)?\.{1,2}(?:\/|$))[^\0\\]{1,512}$/;
const most_listing_bytes = 32 * 1024 * 1024;

/** Throws TransientError or a Refusal. */
export async function listRepository(hub: Hub, view: RepositoryView): Promise<HubListing> {
  const { chunks } = await askHub(hub, { method: "GET", ...view });
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of chunks()) {
    parts.push(part);
    length += part.length;
    if (length > most_listing_bytes) throw unreadable(view);
  }
  return parseListing(Buffer.concat(parts).toString("utf8")) ?? fail(unreadable(view));
}

/** Undefined for a text that is not the hub's description of a repository. Names that are no plain paths are left out. */
export function parseListing(text: string): HubListing | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { sha, siblings } = (value ?? {}) as { sha?: unknown; siblings?: unknown };
  if (typeof sha !== "string" || !commit_pattern.test(sha) || !Array.isArray(siblings))
    return undefined;
  const names = siblings
    .map((file: { rfilename?: unknown } | null) => file?.rfilename)
    .filter((name) => typeof name === "string" && plain_name.test(name));
  return { commit: sha, names: names as string[] };
}

/** What the hub says about one file; nothing of it is transferred. Throws TransientError or a Refusal. */
export async function describeFile(hub: Hub, view: RepositoryView, file: string): Promise<HubFile> {
  const { told, status } = await askHub(hub, { method: "HEAD", file, ...view });
  const digest = digestIn(told);
  const size = told.get("x-linked-size") ?? (status === 200 ? told.get("content-length") : null);
  const bytes = Number(size ?? Number.NaN);
  if (digest === undefined || !Number.isSafeInteger(bytes) || bytes < 0) {
    throw new StartError(
      "download",
      `${hub.endpoint} tells no checksum and size of ${file} in ${view.repository}. Use another HF_ENDPOINT, or copy the file to this host and name it with file:///.`,
    );
  }
  return { name: file, bytes, digest };
}

/** The hub's checksum of a file: X-Linked-Etag for one in its storage, ETag for one in git. */
export function digestIn(told: Headers): string | undefined {
  const etag = told.get("x-linked-etag") ?? told.get("etag") ?? "";
  const digest = etag.replace(/^(?:W\/)?"(.*)"$/, "$1");
  return digest_pattern.test(digest) ? digest : undefined;
}

const unreadable = ({ repository }: RepositoryView): TransientError =>
  new TransientError(`The hub sent no list of the files of ${repository}.`);

function fail(error: Error): never {
  throw error;
}
