/** Whether a host's clock is wrong, in a sentence. Pure. */
const second_ms = 1000;
const minute_ms = 60 * second_ms;
/** A heartbeat may be late by seconds; more than this is the clock. */
const tolerated_ms = 30 * second_ms;

/** AHEAD_MS: how far a host's clock was before ours with its last heartbeat. Null when nothing is wrong. */
export function clockProblem(ahead_ms: number | null): string | null {
  if (ahead_ms === null || Math.abs(ahead_ms) <= tolerated_ms) return null;
  const much = inWords(Math.abs(ahead_ms));
  const way = ahead_ms > 0 ? "ahead of" : "behind";
  return `Its clock is ${much} ${way} this appliance's. Certificates and logs go by it: set both by NTP (timedatectl set-ntp true).`;
}

function inWords(ms: number): string {
  if (ms < 2 * minute_ms) return `${Math.round(ms / second_ms)} s`;
  if (ms < 120 * minute_ms) return `${Math.round(ms / minute_ms)} minutes`;
  if (ms < 36 * 60 * minute_ms) return `${Math.round(ms / (60 * minute_ms))} hours`;
  return `${Math.round(ms / (24 * 60 * minute_ms))} days`;
}
