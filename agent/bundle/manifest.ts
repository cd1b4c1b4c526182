/**
 * What a bundle says about itself before its first chunk. Names become paths on the host that imports
 * it, so everything here is checked as if a stranger had written it, also behind a good signature.
 */
import { parseHubSource } from "../contract/gguf/hub-source.ts";
import { parseS3Source } from "../contract/s3/source.ts";

/** Pieces of files; a bundle holds each distinct one once, in the order of this list. */
export interface Chunk {
  /** Lower-case hex, as everywhere here. */
  sha256: string;
  bytes: number;
}

export interface BundledFile {
  /** With its folders, below the folder of its item. */
  name: string;
  bytes: number;
  sha256: string;
  /** Positions in the manifest's list, in the order of the file's bytes. */
  chunks: number[];
  executable?: true;
}

/** Files of a repository of a hub, or of a folder in S3. */
export interface HubItem {
  kind: "hub";
  /** `ORG/REPO` or `s3://BUCKET/FOLDER`. */
  repository: string;
  commit: string;
  /** What `commit` was called when it was fetched; null when it was asked for on its own. */
  revision: string | null;
  /** All names of the repository at that commit; null when nobody had asked for them. */
  listing: string[] | null;
  /** BLOB: SHA-256, or the hub's git SHA-1 of a blob. */
  files: (BundledFile & { blob: string })[];
}

/** A model that lay in a folder: one file, or a folder of them. */
export interface LocalItem {
  kind: "file";
  name: string;
  /** Whether the model is the folder, and not the first of its files. */
  folder: boolean;
  files: BundledFile[];
}

export interface RuntimeItem {
  kind: "runtime";
  /** Also the name of the executable at the top of its folder. */
  name: string;
  version: string;
  /** As Node has it: x64, arm64. */
  arch: string;
  files: BundledFile[];
}

export type Item = HubItem | LocalItem | RuntimeItem;

export interface Manifest {
  format: 1;
  made_at: string;
  made_by: string;
  chunks: Chunk[];
  items: Item[];
}

/** A chunk is held in memory while it is checked. */
const largest_chunk_bytes = 64 * 1024 * 1024;
const most_files = 200_000;
const sha256 = /^[0-9a-f]{64}$/;
const blob = /^(?:[0-9a-f]{64}|[0-9a-f]{40})$/;
const commit = /^[0-9a-f]{40}$/;
/** One folder or file. */
const word = /^(?!\.{1,2}$)[A-Za-z0-9._+-]{1,100}$/;
const runtimes = ["llama-server", "vllm", "sglang"];

/** A relative path whose every part is a plain name: none is empty, "." or "..", and no byte is odd. */
export function isPlainName(name: unknown): name is string {
  if (typeof name !== "string" || name.length > 512 || /[\\\p{Cc}]/u.test(name)) return false;
  return name.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

/** Throws an Error with a sentence that says what is wrong with it. */
export function parseManifest(bytes: Uint8Array): Manifest {
  const { format, made_at, made_by, chunks, items } = record(parsed(bytes), "the list");
  if (format !== 1) {
    throw new Error("This bundle has a newer format. Import it with the version that made it.");
  }
  const known = list(chunks, "the chunks").map(chunk);
  const found = list(items, "the items").map((value) => item(value, known));
  const files = found.reduce((sum, { files }) => sum + files.length, 0);
  if (files > most_files) throw damaged(`it has more than ${most_files} files`);
  return {
    format,
    chunks: known,
    items: found,
    made_at: text(made_at, "its date"),
    made_by: text(made_by, "its maker"),
  };
}

function item(value: unknown, chunks: readonly Chunk[]): Item {
  const it = record(value, "an item");
  const files = list(it["files"], "an item's files").map((entry) => file(entry, chunks));
  if (files.length === 0) throw damaged("an item has no files");
  refuseOverlaps(files.map(({ name }) => name));
  switch (it["kind"]) {
    case "hub":
      return hubItem(it, files);
    case "file":
      return {
        kind: "file",
        name: matching(it["name"], word, "a model's name"),
        files,
        folder: it["folder"] === true,
      };
    case "runtime":
      return runtimeItem(it, files);
    default:
      throw damaged("an item is of no known kind");
  }
}

function hubItem(it: Readonly<Record<string, unknown>>, files: BundledFile[]): HubItem {
  const repository = text(it["repository"], "a repository");
  const named = parseS3Source(repository) ?? parseHubSource(repository);
  if (named?.repository !== repository) throw damaged("a repository's name is not valid");
  const { revision, listing } = it;
  if (revision !== null && !(isPlainName(revision) && /^[\w.+/-]+$/.test(revision))) {
    throw damaged("a revision's name is not valid");
  }
  const names = listing === null ? null : list(listing, "a repository's names");
  if (names?.some((name) => !isPlainName(name))) throw oddName;
  const blobs = list(it["files"], "an item's files").map((entry, position) => {
    const digest = matching(record(entry, "a file")["blob"], blob, "a blob's checksum");
    if (digest.length === 64 && digest !== files[position]?.sha256) {
      throw damaged("a blob is not called by its checksum");
    }
    return digest;
  });
  return {
    kind: "hub",
    repository,
    revision,
    listing: names as string[] | null,
    commit: matching(it["commit"], commit, "a commit"),
    files: files.map((entry, position) => ({ ...entry, blob: blobs[position] ?? "" })),
  };
}

function runtimeItem(it: Readonly<Record<string, unknown>>, files: BundledFile[]): RuntimeItem {
  const name = text(it["name"], "a runtime's name");
  if (!runtimes.includes(name)) throw damaged(`${JSON.stringify(name.slice(0, 64))} is no runtime`);
  if (!files.some((entry) => entry.name === name && entry.executable)) {
    throw damaged(`the runtime ${name} has no executable of that name`);
  }
  const version = matching(it["version"], word, "a runtime's version");
  return {
    kind: "runtime",
    name,
    version,
    files,
    arch: matching(it["arch"], word, "an architecture"),
  };
}

function file(value: unknown, chunks: readonly Chunk[]): BundledFile {
  const { name, bytes, sha256: digest, chunks: parts, executable } = record(value, "a file");
  if (!isPlainName(name)) throw oddName;
  const positions = list(parts, "a file's chunks").map((position) => {
    if (typeof position === "number" && chunks[position] !== undefined) return position;
    throw damaged("a file names a chunk that is not there");
  });
  const length = positions.reduce((sum, position) => sum + (chunks[position]?.bytes ?? 0), 0);
  if (length !== bytes) throw damaged("a file's chunks do not make up its length");
  return {
    name,
    bytes: length,
    sha256: matching(digest, sha256, "a file's checksum"),
    chunks: positions,
    ...(executable === true && { executable }),
  };
}

function chunk(value: unknown): Chunk {
  const { sha256: digest, bytes } = record(value, "a chunk");
  const good =
    Number.isSafeInteger(bytes) && Number(bytes) > 0 && Number(bytes) <= largest_chunk_bytes;
  if (!good) throw damaged("a chunk has an impossible length");
  return { sha256: matching(digest, sha256, "a chunk's checksum"), bytes: Number(bytes) };
}

/** No name twice, and none that is also a folder of another. */
function refuseOverlaps(names: readonly string[]): void {
  const all = new Set(names);
  const folders = names.flatMap((name) => {
    const parts = name.split("/");
    return parts.slice(1).map((_, depth) => parts.slice(0, depth + 1).join("/"));
  });
  if (all.size < names.length || folders.some((folder) => all.has(folder))) {
    throw damaged("two files have one name");
  }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw damaged("it is no JSON");
  }
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw damaged(`${what} is missing`);
}

function list(value: unknown, what: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw damaged(`${what} are missing`);
}

function text(value: unknown, what: string): string {
  if (typeof value === "string" && value.length <= 256) return value;
  throw damaged(`${what} is missing`);
}

function matching(value: unknown, pattern: RegExp, what: string): string {
  if (typeof value === "string" && pattern.test(value)) return value;
  throw damaged(`${what} is odd`);
}

const damaged = (why: string): Error =>
  new Error(`The bundle's list of contents cannot be used: ${why}. Make the bundle again.`);
const oddName = damaged("the name of a file is no plain relative path");
