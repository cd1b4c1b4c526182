import { constants } from "node:fs";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { join } from "node:path";

export interface DiskSpeed {
  write_bytes_per_s: number;
  /** Null where the page cache cannot be passed by, so that a number would be the memory's. */
  read_bytes_per_s: number | null;
}

const most_bytes = 256 * 1024 * 1024;
const block_bytes = 8 * 1024 * 1024;
/** For writing and for reading each. */
const most_ms = 1500;

/**
 * Writes and reads a file in FOLDER past the page cache (O_DIRECT of open(2)), at most 256 MiB and 3 s
 * in all, and removes it. File systems without O_DIRECT are written through fdatasync.
 */
export async function measureDisk(folder: string): Promise<DiskSpeed> {
  const path = join(folder, `.speed.${process.pid}`);
  const block = aligned(block_bytes);
  crypto.getRandomValues(block.subarray(0, 65_536));
  // Not all zeros: some disks and file systems do not write those.
  for (let at = 65_536; at < block.length; at += 65_536) block.copyWithin(at, 0, 65_536);
  const direct = await openDirect(path);
  const file = direct ?? (await open(path, "wx+", 0o600));
  try {
    const [written, write_ms] = await timed(most_bytes, (at) =>
      file.write(block, 0, block.length, at),
    );
    const sync_ms = await took(() => file.datasync());
    const write_bytes_per_s = (1000 * written) / (write_ms + sync_ms);
    if (direct === undefined) return { write_bytes_per_s, read_bytes_per_s: null };
    const [read, read_ms] = await timed(written, (at) => file.read(block, 0, block.length, at));
    return { write_bytes_per_s, read_bytes_per_s: (1000 * read) / read_ms };
  } finally {
    await file.close();
    await unlink(path);
  }
}

/** Undefined where the file system refuses it, or our memory is not aligned as it wants. */
async function openDirect(path: string): Promise<FileHandle | undefined> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_DIRECT;
  const file = await open(path, flags, 0o600).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    await file.write(aligned(block_bytes), 0, block_bytes, 0);
    return file;
  } catch {
    await file.close();
    await unlink(path);
    return undefined;
  }
}

/** Memory of this size comes from mmap(2) and begins at a page; if it ever does not, the write above fails. */
const aligned = (bytes: number): Buffer => Buffer.from(new ArrayBuffer(bytes));

async function timed(
  bytes: number,
  step: (at: number) => Promise<unknown>,
): Promise<[bytes: number, ms: number]> {
  const started = performance.now();
  let at = 0;
  while (at < bytes && performance.now() - started < most_ms) {
    await step(at);
    at += block_bytes;
  }
  return [at, Math.max(performance.now() - started, 0.001)];
}

async function took(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
