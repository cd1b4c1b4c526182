import { TransientError } from "./transient-error.ts";

/** The body of RESPONSE, to its end; rejects with TransientError when the connection breaks or falls silent. */
export async function* bodyOf(
  response: Response,
  patience: Patience,
  host: string,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  try {
    while (reader) {
      patience.renew();
      const { done, value } = await reader.read();
      if (done) return;
      // What the reader of this does with a chunk is not the hub's silence.
      patience.end();
      yield value;
    }
  } catch (error) {
    throw new TransientError(`The connection to ${host} broke${reasonOf(error)}.`);
  } finally {
    patience.end();
    await reader?.cancel().catch(() => undefined);
  }
}

/** As a clause in brackets; empty where nothing is known. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if (error.name === "TimeoutError") return " (it did not answer in time)";
  return "code" in error && typeof error.code === "string" ? ` (${error.code})` : "";
}

export interface Patience {
  signal: AbortSignal;
  /** Time begins again. */
  renew(): void;
  /** Time stands still. */
  end(): void;
}

/** Renewed with every piece of a download, so its timer is reset only when it goes off too early. */
export function patienceOf(patience_ms: number, parent: AbortSignal): Patience {
  const late = new AbortController();
  let until = Number.POSITIVE_INFINITY;
  let isSet = false;
  const set = (wait_ms: number) => {
    isSet = true;
    setTimeout(look, wait_ms).unref();
  };
  const look = () => {
    const left_ms = until - performance.now();
    isSet = false;
    if (left_ms === Number.POSITIVE_INFINITY) return;
    if (left_ms > 0) set(left_ms);
    else late.abort(new DOMException("It is silent.", "TimeoutError"));
  };
  return {
    signal: AbortSignal.any([parent, late.signal]),
    end() {
      until = Number.POSITIVE_INFINITY;
    },
    renew() {
      until = performance.now() + patience_ms;
      if (!isSet) set(patience_ms);
    },
  };
}
