import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import type { BlobRecords } from "./blob-records.ts";
import { type Disk, type Kept, toEvict } from "./eviction.ts";
import { RepoCache } from "./repo-cache.ts";

export interface RoomParts {
  /** Laid out like the cache of huggingface_hub. */
  folder: string;
  records: Pick<BlobRecords, "usedAt" | "remove">;
  disk(folder: string): Promise<Disk>;
  /** Whether the folder is the agent's own: in one that people share with it, nothing is removed. */
  evicts: boolean;
  /** Files that a replica of this host needs. */
  pinned(): Promise<readonly string[]>;
  isComing(blob: string): boolean;
  log(line: string): void;
}

/** Removes weights that nobody has used for longest until NEEDED_BYTES fit; resolves with what is free then. */
export async function makeRoom(parts: RoomParts, needed_bytes: number): Promise<number> {
  const { folder, records, disk, evicts, log } = parts;
  const before = await disk(folder);
  if (!evicts) return before.free_bytes;
  const going = toEvict(await keptIn(parts), before, needed_bytes);
  for (const { path, bytes } of going) {
    log(`${path} (${(bytes / 1e9).toFixed(2)} GB) was not used for longest and makes room`);
    await records.remove(path);
  }
  return going.length === 0 ? before.free_bytes : (await disk(folder)).free_bytes;
}

async function keptIn({ folder, records, pinned, isComing }: RoomParts): Promise<Kept[]> {
  const needed = new Set(await Promise.all((await pinned()).map((path) => realpath(path))));
  return Promise.all(
    (await blobsIn(folder)).map(async ({ path, bytes }) => {
      const pinned = needed.has(path) || isComing(path.replace(/\.incomplete$/, ""));
      return { path, bytes, used_at_ms: await records.usedAt(path), pinned };
    }),
  );
}

/** Every blob in FOLDER, also what has come of one that is fetched. */
export async function blobsIn(folder: string): Promise<{ path: string; bytes: number }[]> {
  const found: { path: string; bytes: number }[] = [];
  for (const repository of await RepoCache.repositoriesIn(folder)) {
    const blobs = new RepoCache(folder, repository).blobPath("");
    for (const name of await readdir(blobs).catch(() => [])) {
      const path = join(blobs, name);
      // One that was fetched has another name in this moment.
      const { size } = await stat(path).catch(() => ({ size: 0 }));
      found.push({ path, bytes: size });
    }
  }
  return found;
}
