import { access, mkdir, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { StartError } from "../../replicas/start-error.ts";
import { kindOf } from "../file-hash.ts";
import type { PeerFetch, Peers } from "../peers/peers.ts";
import type { Flight } from "./blob-flights.ts";
import { withBlobLock } from "./blob-lock.ts";
import type { BlobRecords } from "./blob-records.ts";
import type { HubAnswer } from "./hub-request.ts";
import { PartialFile } from "./partial-file.ts";
import type { HubFile } from "./repository.ts";
import { TransientError } from "./transient-error.ts";

/** Where a blob lies until it is whole; huggingface_hub calls it so, too. */
export const partialPath = (blob: string): string => `${blob}.incomplete`;

/** Who has the blobs that no peer has, as one asker is served there. */
export interface Sender {
  /** In sentences: "The hub's storage". */
  readonly name: string;
  /** Whose checksums count: "the hub". */
  readonly checksums: string;
  /** Whose files these are: ORG/REPO, or a folder in S3. */
  readonly repository: string;
  readonly signal: AbortSignal;
  /** Repeats what ends in TransientError, see `persist`. */
  persist<T>(attempt: (moved: () => void) => Promise<T>): Promise<T>;
  /** The bytes of FILE from FROM on. Throws TransientError, or a Refusal, also when the file is not any more what it was. */
  open(file: HubFile, from: number): Promise<HubAnswer>;
}

export interface FetchTools {
  records: Pick<BlobRecords, "keep">;
  peers: Pick<Peers, "begin">;
}

/**
 * Brings FILE to PATH, where it appears only whole and with the right checksum. What is fetched so
 * far stays beside it when this ends early, also by kill -9, and the next call goes on from there.
 * Throws a Refusal, SIGNAL's reason, or the error of the disk.
 */
export async function fetchBlob(
  tools: FetchTools,
  sender: Sender,
  file: HubFile,
  path: string,
  flight: Flight,
): Promise<void> {
  const places = { path, partial: partialPath(path) };
  const grown = (bytes: number) => {
    flight.received = bytes;
  };
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await withBlobLock(places, sender.signal, grown, () =>
    fetchAlone(tools, sender, file, path, flight),
  );
}

async function fetchAlone(
  { records, peers }: FetchTools,
  sender: Sender,
  file: HubFile,
  path: string,
  flight: Flight,
): Promise<void> {
  if (await exists(path)) return;
  const partial = await PartialFile.open(partialPath(path), file.bytes, file.digest);
  const fromPeers = peers.begin(file.digest, partialPath(path), file.bytes);
  try {
    let furthest = partial.length;
    flight.received = partial.length;
    const attempt = async (moved: () => void) => {
      const appended = (bytes: number) => {
        flight.received = partial.length;
        flight.arrived += bytes;
        if (partial.length <= furthest) return;
        furthest = partial.length;
        moved();
      };
      if (fromPeers) await askPeers(fromPeers, sender, file, partial, appended);
      await fetchRest(sender, file, partial, appended);
    };
    await sender.persist(attempt);
    const digest = await partial.digest();
    if (kindOf(file.digest) !== "none" && digest !== file.digest) {
      fromPeers?.spoiled();
      await unlink(partialPath(path));
      flight.received = 0;
      throw new StartError(
        "download",
        `${file.name} of ${sender.repository} arrived with another checksum than ${sender.checksums} tells, and is fetched again from its beginning. Look for a proxy that changes files.`,
        true,
      );
    }
    await rename(partialPath(path), path);
    // Nobody waits for the disk: after a power cut it is checked again.
    records.keep(path).catch(() => undefined);
  } finally {
    fromPeers?.end();
    await partial.close();
  }
}

/** As much as other hosts of the fleet have or get; what they do not have is the hub's. */
async function askPeers(
  peers: PeerFetch,
  { signal }: Sender,
  file: HubFile,
  partial: PartialFile,
  appended: (bytes: number) => void,
): Promise<void> {
  while (partial.length < file.bytes) {
    const chunks = await peers.next(partial.length, signal);
    if (chunks === undefined) break;
    // A peer that fails is no trouble: there are others.
    await take(chunks, file, partial, appended).catch((error: unknown) => {
      if (error instanceof DiskError) throw error.cause;
    });
  }
  if (partial.length < file.bytes) peers.fromHub();
}

class DiskError extends Error {}

async function take(
  chunks: AsyncIterable<Uint8Array>,
  file: HubFile,
  partial: PartialFile,
  appended: (bytes: number) => void,
): Promise<void> {
  for await (const chunk of chunks) {
    if (partial.length + chunk.length > file.bytes) throw new Error("It sent too much.");
    await partial.append(chunk).catch((cause: unknown) => {
      throw new DiskError("", { cause });
    });
    appended(chunk.length);
  }
}

/** One request for what is missing. */
async function fetchRest(
  sender: Sender,
  file: HubFile,
  partial: PartialFile,
  appended: (bytes: number) => void,
): Promise<void> {
  if (partial.length === file.bytes) return;
  const from = partial.length;
  const answer = await sender.open(file, from);
  if (!continues(answer, from, file.bytes)) await partial.restart();
  if (answer.status === 206 && partial.length !== from) {
    await answer.discard();
    throw new TransientError(`${sender.name} sent another range than was asked for.`);
  }
  for await (const chunk of answer.chunks()) {
    if (partial.length + chunk.length > file.bytes) {
      await partial.restart();
      throw new TransientError(`${sender.name} sent more than ${file.name} has.`);
    }
    await partial.append(chunk);
    appended(chunk.length);
  }
  if (partial.length < file.bytes)
    throw new TransientError(`${sender.name} ended its answer early.`);
}

/** False when the answer begins elsewhere: it ignored the range, or sends another one. */
function continues({ status, headers }: HubAnswer, from: number, bytes: number): boolean {
  if (from === 0) return status === 200;
  const [, first, of] =
    /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get("content-range") ?? "") ?? [];
  return status === 206 && Number(first) === from && (of === "*" || Number(of) === bytes);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
