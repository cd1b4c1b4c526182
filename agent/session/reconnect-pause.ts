const shortest_ms = 200;
const longest_ms = 15_000;

/**
 * How long to wait before attempt N + 1 after N failures in a row: a random time under a bound that
 * doubles from 0.2 s to 15 s, never under half of it, so that a fleet does not return in one wave.
 */
export function reconnectPause(failures: number, random: number): number {
  const bound = Math.min(longest_ms, shortest_ms * 2 ** Math.max(0, failures - 1));
  return Math.round(bound * (0.5 + random / 2));
}

/** Resolves after DURATION_MS, or when SIGNAL aborts. */
export function pause(duration_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((settle) => {
    if (signal.aborted) return settle();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      settle();
    };
    const timer = setTimeout(end, duration_ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
