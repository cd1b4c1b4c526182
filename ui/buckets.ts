/** Periods of the usage pages, and the buckets that their plots are made of. Pure. */
import { clock, date, utcDate } from "./format.ts";

export type Bucket = "minute" | "hour" | "day";

export const bucket_ms: Record<Bucket, number> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

export interface Period {
  id: string;
  name: string;
  bucket: Bucket;
  /** How many, the present one included. */
  buckets: number;
}

export const hour: Period = { id: "1h", name: "Last hour", bucket: "minute", buckets: 60 };
export const periods: readonly Period[] = [
  hour,
  { id: "24h", name: "Last 24 hours", bucket: "hour", buckets: 24 },
  { id: "7d", name: "Last 7 days", bucket: "hour", buckets: 168 },
  { id: "30d", name: "Last 30 days", bucket: "day", buckets: 30 },
];

/** Where the period begins, on a bucket's edge: a first bar of half a bucket would look like a rise. */
export function startOf({ bucket, buckets }: Period, now: number): number {
  const size = bucket_ms[bucket];
  return (Math.floor(now / size) - buckets + 1) * size;
}

/** A bucket by its start, in full. Days are counted in UTC by the server, so they are named in UTC. */
export function bucketName(bucket: Bucket, at: number): string {
  if (bucket === "day") return `${utcDate(at)} UTC`;
  const time = clock(at).slice(0, 5);
  return bucket === "minute" ? time : `${date(at).slice(5)} ${time}`;
}

/** The same for an axis: midnight shows its date. */
export function tickName(bucket: Bucket, at: number): string {
  if (bucket === "day") return utcDate(at).slice(5);
  const time = clock(at).slice(0, 5);
  return time === "00:00" ? date(at).slice(5) : time;
}
