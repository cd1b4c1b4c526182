import { expect, test } from "bun:test";
import { persist, retryAfterMs, TransientError } from "./transient-error.ts";

function timeless() {
  const pauses: number[] = [];
  const pause = async (duration_ms: number) => void pauses.push(duration_ms);
  return { pauses, how: { pause, random: () => 0 } };
}
const never = new AbortController().signal;

test("an attempt that gets further begins a new row of failures", async () => {
  const { pauses, how } = timeless();
  let attempts = 0;
  const attempt = async (moved: () => void) => {
    attempts += 1;
    if (attempts === 4) moved();
    throw new TransientError("It broke.");
  };
  await expect(persist(attempt, never, how)).rejects.toThrow("It broke. Check the network");
  expect(attempts).toBe(8);
  expect(pauses).toEqual([500, 1000, 2000, 500, 1000, 2000, 4000]);
});

test("only trouble is tried again", async () => {
  const { pauses, how } = timeless();
  const wrong = async () => {
    throw new TypeError("a bug");
  };
  await expect(persist(wrong, never, how)).rejects.toThrow("a bug");
  expect(await persist(async () => 7, never, how)).toBe(7);
  expect(pauses).toEqual([]);
});

test("a wish to stop is more than any failure", async () => {
  const stop = new AbortController();
  const { how } = timeless();
  const attempt = async () => {
    stop.abort("stopped");
    throw new TransientError("It broke.");
  };
  const end = persist(attempt, stop.signal, how).catch((reason: unknown) => reason);
  expect(await end).toBe("stopped");
});

test("the hub's wait is obeyed, up to an hour", async () => {
  const { pauses, how } = timeless();
  const waits = [30_000, 86_400_000];
  const attempt = async () => {
    const wait = waits.shift();
    if (wait !== undefined) throw new TransientError("Later.", wait);
  };
  await persist(attempt, never, how);
  expect(pauses).toEqual([30_000, 3_600_000]);
});

test.each<[Record<string, string>, number]>([
  [{ "retry-after": "120" }, 120_000],
  [{ "retry-after": "Thu, 01 Jan 1970 00:00:10 GMT" }, 9000],
  [{ "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" }, 0],
  [{ ratelimit: '"api";r=0;t=55' }, 55_000],
  [{ "retry-after": "soon" }, 0],
  [{}, 0],
])("%j asks for %i ms", (headers, wait_ms) => {
  expect(retryAfterMs(new Headers(headers), 1000)).toBe(wait_ms);
});
