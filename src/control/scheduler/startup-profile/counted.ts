/** How a row grows with what is seen of a replica. Pure. */
import type { LedgerRow } from "./match.ts";
import type { CountedStart, CountedWake } from "./table.ts";

/** As many replicas of one configuration may be reported again after a restart and are not counted twice. */
const starts_kept = 100;
const wakes_kept = 20;

export interface Seen {
  start: CountedStart;
  gpu_bytes: number;
  memory_bytes: number;
}

/** Starts older than all that is remembered were counted before. */
export function withSeen(row: LedgerRow, { start, gpu_bytes, memory_bytes }: Seen): LedgerRow {
  const forgotten = row.starts.length === starts_kept && start.at < (row.starts[0]?.at ?? 0);
  const isKnown = forgotten || row.starts.some(({ id }) => id === start.id);
  return {
    ...row,
    gpu_bytes: Math.max(row.gpu_bytes, gpu_bytes),
    memory_bytes: Math.max(row.memory_bytes, memory_bytes),
    count: isKnown ? row.count : row.count + 1,
    last_at: isKnown ? row.last_at : Math.max(row.last_at, start.at),
    starts: isKnown
      ? row.starts
      : [...row.starts, start].sort((a, b) => a.at - b.at).slice(-starts_kept),
  };
}

export function withWake(row: LedgerRow, wake: CountedWake): LedgerRow {
  const others = row.wakes.filter(({ depth }) => depth !== wake.depth);
  const same = row.wakes.filter(({ depth }) => depth === wake.depth).slice(1 - wakes_kept);
  return { ...row, wakes: [...others, ...same, wake] };
}
