import { access, mkdir, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { Refusal } from "../../refusal.ts";
import type { PeerFetch, Peers } from "../peers/peers.ts";
import type { Flight } from "./blob-flights.ts";
import { withBlobLock } from "./blob-lock.ts";
import type { BlobRecords } from "./blob-records.ts";
import { askHub, type Hub, type HubAnswer } from "./hub-request.ts";
import { PartialFile } from "./partial-file.ts";
import { digestIn, type HubFile, type RepositoryView } from "./repository.ts";
import { type Persistence, persist, Trouble } from "./trouble.ts";

/** Where a blob lies until it is whole; huggingface_hub calls it so, too. */
export const partialPath = (blob: string): string => `${blob}.incomplete`;

export interface FetchTools {
  hub: Hub & Persistence;
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
  view: RepositoryView,
  file: HubFile,
  path: string,
  flight: Flight,
): Promise<void> {
  const places = { path, partial: partialPath(path) };
  const grown = (bytes: number) => {
    flight.received = bytes;
  };
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await withBlobLock(places, view.signal, grown, () => fetchAlone(tools, view, file, path, flight));
}

async function fetchAlone(
  { hub, records, peers }: FetchTools,
  view: RepositoryView,
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
      if (fromPeers) await askPeers(fromPeers, view, file, partial, appended);
      await fetchRest(hub, view, file, partial, appended);
    };
    await persist(attempt, view.signal, hub);
    if ((await partial.digest()) !== file.digest) {
      fromPeers?.spoiled();
      await unlink(partialPath(path));
      flight.received = 0;
      throw new Refusal(
        "download",
        `${file.name} of ${view.repository} arrived with another checksum than the hub tells, and is fetched again from its beginning. Look for a proxy that changes files.`,
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
  { signal }: RepositoryView,
  file: HubFile,
  partial: PartialFile,
  appended: (bytes: number) => void,
): Promise<void> {
  while (partial.length < file.bytes) {
    const chunks = await peers.next(partial.length, signal);
    if (chunks === undefined) break;
    // A peer that fails is no trouble: there are others.
    await take(chunks, file, partial, appended).catch((error: unknown) => {
      if (error instanceof DiskTrouble) throw error.cause;
    });
  }
  if (partial.length < file.bytes) peers.fromHub();
}

class DiskTrouble extends Error {}

async function take(
  chunks: AsyncIterable<Uint8Array>,
  file: HubFile,
  partial: PartialFile,
  appended: (bytes: number) => void,
): Promise<void> {
  for await (const chunk of chunks) {
    if (partial.length + chunk.length > file.bytes) throw new Error("It sent too much.");
    await partial.append(chunk).catch((cause: unknown) => {
      throw new DiskTrouble("", { cause });
    });
    appended(chunk.length);
  }
}

/** One request for what is missing. */
async function fetchRest(
  hub: Hub,
  view: RepositoryView,
  file: HubFile,
  partial: PartialFile,
  appended: (bytes: number) => void,
): Promise<void> {
  if (partial.length === file.bytes) return;
  const from = partial.length;
  const answer = await askHub(hub, { method: "GET", file: file.name, from, ...view });
  const digest = digestIn(answer.told);
  if (digest !== undefined && digest !== file.digest) {
    await answer.discard();
    throw new Refusal(
      "download",
      `${file.name} of ${view.repository} changed on the hub while it was fetched.`,
      true,
    );
  }
  if (!continues(answer, from, file.bytes)) await partial.restart();
  if (answer.status === 206 && partial.length !== from) {
    await answer.discard();
    throw new Trouble("The hub's storage sent another range than was asked for.");
  }
  for await (const chunk of answer.chunks()) {
    if (partial.length + chunk.length > file.bytes) {
      await partial.restart();
      throw new Trouble(`The hub's storage sent more than ${file.name} has.`);
    }
    await partial.append(chunk);
    appended(chunk.length);
  }
  if (partial.length < file.bytes) throw new Trouble("The hub's storage ended its answer early.");
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
