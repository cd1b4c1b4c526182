import { mkdir, stat } from "node:fs/promises";
import { type FetchTools, fetchBlob, partialPath } from "./blob.ts";
import { type Flight, Flights } from "./blob-flights.ts";
import type { BlobRecords } from "./blob-records.ts";
import { roomRefusal } from "./disk-room.ts";
import type { Found, Origin } from "./origin.ts";
import type { RepoCache } from "./repo-cache.ts";
import type { HubFile } from "./repository.ts";
import { turns } from "./turns.ts";

export interface DownloadTools {
  /** Laid out like the cache of huggingface_hub. */
  folder: string;
  records: BlobRecords;
  peers: FetchTools["peers"];
  /** Makes room for so many bytes where it can; resolves with what is free then. */
  makeRoom(needed_bytes: number): Promise<number>;
}

export interface WantedFiles {
  cache: RepoCache;
  /** How its commit was asked for. */
  revision: string;
  origin: Origin;
  /** All its files are wanted. */
  found: Found;
  /** Called with every blob before its first byte comes. */
  follow(flight: Flight): void;
}

/** All downloads of this host. */
export class Downloads {
  readonly #tools: DownloadTools;
  readonly #flights = new Flights();
  readonly #inTurn = turns();

  constructor(tools: DownloadTools) {
    this.#tools = tools;
  }

  /** Bytes that came from the network since the start. */
  arrived(): number {
    return this.#flights.arrived();
  }

  /** Blobs that somebody waits for. */
  isComing(path: string): boolean {
    return this.#flights.has(path);
  }

  /** Until all files lie whole in the cache. Throws a Refusal, the signal's reason, or the disk's error. */
  async fetch({ cache, revision, origin, found, follow }: WantedFiles): Promise<void> {
    const { folder, records, peers, makeRoom } = this.#tools;
    const { listing, files, open } = found;
    const { signal } = origin;
    const sender = { ...origin, open };
    const joined: string[] = [];
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const parts: { file: HubFile; path: string; flight: Flight }[] = [];
      for (const file of files) {
        const path = cache.blobPath(file.digest);
        const flight = this.#flights.join(path, file.bytes, await bytesHere(path));
        joined.push(path);
        follow(flight);
        parts.push({ file, path, flight });
      }
      const isWhole = parts.every(({ flight }) => flight.received === flight.bytes);
      const needed = isWhole ? 0 : this.#flights.missing();
      const refused = roomRefusal(folder, needed, await makeRoom(needed));
      if (refused !== undefined) throw refused;
      for (const { file, path, flight } of parts) {
        await flight.inTurn(signal, () =>
          fetchBlob({ records, peers }, sender, file, path, flight),
        );
      }
      // Two replicas may want files of one repository at the same time.
      await this.#inTurn(signal, async () => {
        for (const { name, digest } of files) await cache.link(listing.commit, name, digest);
        await cache.remember(revision, listing);
      });
    } finally {
      for (const path of joined) this.#flights.leave(path);
    }
  }
}

/** Of a blob or of what has come of it. */
async function bytesHere(path: string): Promise<number> {
  const found = await stat(path).catch(() => stat(partialPath(path)).catch(() => undefined));
  return found?.size ?? 0;
}
