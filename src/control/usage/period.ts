/** Time ranges of usage queries. Pure. All times in milliseconds since the epoch, days in UTC. */
import { badRequest } from "../../shared/failure.ts";

export interface Period {
  from: number;
  /** Exclusive. */
  to: number;
}

export type TimeBucket = "minute" | "hour" | "day";

const day_ms = 86_400_000;
export const bucket_ms: Record<TimeBucket, number> = {
  minute: 60_000,
  hour: 3_600_000,
  day: day_ms,
};
/** How many buckets a chart gets when nothing is asked, and at most. */
const buckets_default: Record<TimeBucket, number> = { minute: 60, hour: 24, day: 30 };
const buckets_max = 1500;
const days_default = 30;
const days_max = 3660;

/** The range of a list or a total: the last 30 days unless asked otherwise. */
export function listPeriod(asked: Partial<Period>, now: number): Period {
  const to = asked.to ?? now + 1;
  const period = { from: asked.from ?? to - days_default * day_ms, to };
  checkPeriod(period, days_max * day_ms, `${days_max} days`);
  return period;
}

/** The range of a chart, widened to whole buckets at its start, so that the first bar is not short. */
export function chartPeriod(bucket: TimeBucket, asked: Partial<Period>, now: number): Period {
  const size = bucket_ms[bucket];
  const to = asked.to ?? now + 1;
  const from =
    asked.from === undefined
      ? Math.ceil(to / size - buckets_default[bucket]) * size
      : Math.floor(asked.from / size) * size;
  const period = { from, to };
  checkPeriod(period, buckets_max * size, `${buckets_max} ${bucket}s`);
  return period;
}

/** Start of every bucket in the period. */
export function bucketStarts(bucket: TimeBucket, { from, to }: Period): number[] {
  const size = bucket_ms[bucket];
  return Array.from({ length: Math.ceil((to - from) / size) }, (_, index) => from + index * size);
}

function checkPeriod({ from, to }: Period, longest_ms: number, longest: string): void {
  for (const [field, value] of Object.entries({ to, from })) {
    if (!Number.isSafeInteger(value)) {
      throw badRequest(`\`${field}\` is a time in whole milliseconds since 1970.`, field);
    }
  }
  if (from >= to) throw badRequest("`from` is a time before `to`.", "from");
  if (to - from > longest_ms) {
    throw badRequest(`At most ${longest} can be asked at once. Move \`from\` closer.`, "from");
  }
}
