/** Calls during a run and its rest lead to exactly one more run: the newest change is always seen. */
export function oneAtATime(run: () => Promise<void>, restMs = 0): () => void {
  let running = false;
  let again = false;
  return function start(): void {
    again = true;
    if (running) return;
    running = true;
    void (async () => {
      while (again) {
        again = false;
        await run();
        if (restMs > 0) await new Promise((rested) => setTimeout(rested, restMs));
      }
      running = false;
    })();
  };
}
