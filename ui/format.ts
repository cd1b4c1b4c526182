/** Numbers, sizes and times as people read them. Pure. */

const missing = "–";
const grouped = new Intl.NumberFormat("en-US");
const money = new Intl.NumberFormat("en-US", {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});

/** 1,234 in full; from a million on 1.23M. */
export function count(value: number): string {
  if (value < 1e6) return grouped.format(Math.round(value));
  return value < 1e9 ? `${scaled(value / 1e6)}M` : `${scaled(value / 1e9)}B`;
}

/** Three digits that matter: 1.23, 12.3, 123. */
function scaled(value: number): string {
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

/** Money: 1,234.50; small amounts with the digits that matter. */
export function cost(value: number): string {
  if (value === 0) return "0";
  return value >= 0.01 ? money.format(value) : value.toPrecision(2);
}

/** For axes, where room is short: 950, 1.2k, 3M. */
export function short(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toFixed(1))}M`;
  if (value >= 1e3) return `${Number((value / 1e3).toFixed(1))}k`;
  return String(Number(value.toFixed(2)));
}

/** Binary units, as GPUs and memory are sold and measured. */
export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let size = value;
  let unit = 0;
  while (size >= 1023.5 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 || size >= 99.95 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

/** "41.2 of 128 GiB": the unit is said once when both share it. */
export function bytesOf(used: number, total: number): string {
  const [amount = "", unit = ""] = bytes(used).split(" ");
  const whole = bytes(total);
  return whole.endsWith(` ${unit}`) ? `${amount} of ${whole}` : `${amount} ${unit} of ${whole}`;
}

export function percent(ratio: number): string {
  const value = ratio * 100;
  return `${value > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)}%`;
}

/** A length of time: 340 ms, 1.42 s, 12.3 s, 3 min 5 s. */
export function duration(ms: number | null): string {
  if (ms === null) return missing;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(seconds < 9.995 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

const steps = [
  [60, "s"],
  [60, "min"],
  [24, "h"],
  [Number.POSITIVE_INFINITY, "d"],
] as const;

function coarse(ms: number): string {
  let value = Math.abs(ms) / 1000;
  for (const [size, unit] of steps) {
    if (value < size) return `${Math.floor(value)} ${unit}`;
    value /= size;
  }
  return missing;
}

/** How long ago AT was: "just now", "4 min ago". */
export function ago(at: number | null, now: number): string {
  if (at === null) return "never";
  return now - at < 5000 ? "just now" : `${coarse(now - at)} ago`;
}

/** How far away AT is: "in 6 d", or "3 h ago" when it has passed. */
export function until(at: number, now: number): string {
  return at > now ? `in ${coarse(at - now)}` : ago(at, now);
}

const two = (value: number): string => String(value).padStart(2, "0");

/** Local date, sortable: 2026-11-23. */
export function date(at: number): string {
  const when = new Date(at);
  return `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`;
}

/** A day that the server counted, and it counts in UTC. */
export function utcDate(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** Local time of day with seconds. */
export function clock(at: number): string {
  const when = new Date(at);
  return `${two(when.getHours())}:${two(when.getMinutes())}:${two(when.getSeconds())}`;
}

export function plural(amount: number, one: string, many = `${one}s`): string {
  return `${count(amount)} ${amount === 1 ? one : many}`;
}
