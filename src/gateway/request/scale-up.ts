import { badRequest } from "../../shared/failure.ts";

const header = "x-scale-up-timeout";
const longest_hold_s = 600;
/**
 * Node's fetch gives up after 300 s without a byte (undici's headersTimeout), whatever its user has
 * set, and the client then asks again: a 503 in time is better. Streams get comments meanwhile.
 */
const longest_silence_s = 240;

/** The seconds that a client would wait for a model to wake; null when it does not say. Throws 400. */
export function scaleUpTimeout(headers: { get(name: string): string | null }): number | null {
  const value = headers.get(header);
  if (value === null) return null;
  if (/^[0-9]+$/.test(value)) return Math.min(Number(value), longest_hold_s);
  throw badRequest(
    "The header X-Scale-Up-Timeout must be a whole number of seconds; 0 does not wait.",
    header,
  );
}

/** How long a request is held. ASKED_S: what its client says; it may know better than our default. */
export function holdMs(
  asked_s: number | null,
  cold_start: "hold" | "fail",
  stream: boolean,
): number {
  if (asked_s !== null) return asked_s * 1_000;
  if (cold_start === "fail") return 0;
  return (stream ? longest_hold_s : longest_silence_s) * 1_000;
}
