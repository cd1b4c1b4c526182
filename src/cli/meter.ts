/** Progress as lines for people and logs: at most one every two seconds, and none for what is over at once. */
const every_ms = 2000;

export function meter(
  say: (line: string) => void,
  now: () => number = Date.now,
): (done_bytes: number, of_bytes: number) => void {
  let last = { at: now(), done: 0 };
  return (done, of) => {
    const past_ms = now() - last.at;
    if (past_ms < every_ms) return;
    const rate = Math.max(0, done - last.done) / (past_ms / 1000);
    last = { at: now(), done };
    say(`${size(done)} of ${size(of)}, ${size(rate)}/s`);
  };
}

/** In the units of disk makers. */
export function size(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
