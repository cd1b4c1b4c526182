/** Which weights go when the disk fills up. Pure. */

/** Something on the disk that nobody needs at the moment, or does. */
export interface Kept {
  path: string;
  bytes: number;
  /** Files that were used together have the same time, and go together. */
  used_at_ms: number;
  pinned: boolean;
}

export interface Disk {
  free_bytes: number;
  total_bytes: number;
}

/** Weights may fill the disk up to here; a download that goes beyond it makes room down to the lower mark. */
export const high_water = 0.9;
const low_water = 0.8;

/** What must go so that NEEDED_BYTES come in, the longest unused first; none while that leaves a tenth free. */
export function toEvict(
  kept: readonly Kept[],
  { free_bytes, total_bytes }: Disk,
  needed_bytes: number,
): Kept[] {
  const left = free_bytes - needed_bytes;
  if (needed_bytes <= 0 || left >= (1 - high_water) * total_bytes) return [];
  const wanted = (1 - low_water) * total_bytes - left;
  const oldest = kept
    .filter(({ pinned }) => !pinned)
    .toSorted((a, b) => a.used_at_ms - b.used_at_ms);
  const going: Kept[] = [];
  let freed = 0;
  for (const file of oldest) {
    const belongs = going.at(-1)?.used_at_ms === file.used_at_ms;
    if (freed >= wanted && !belongs) break;
    going.push(file);
    freed += file.bytes;
  }
  return going;
}
