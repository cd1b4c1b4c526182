/** Does WORK when everybody who came before is done; rejects when SIGNAL aborts while it waits. */
export type InTurn = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

/** A queue of which one is served at a time. */
export function turns(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return async (signal, work) => {
    const earlier = last;
    const done = Promise.withResolvers<void>();
    last = earlier.then(() => done.promise);
    try {
      await unlessAborted(earlier, signal);
      return await work();
    } finally {
      done.resolve();
    }
  };
}

function unlessAborted(waited: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((settle, fail) => {
    const abort = () => fail(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    waited.then(() => {
      signal.removeEventListener("abort", abort);
      settle();
    }, fail);
  });
}
