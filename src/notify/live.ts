/**
 * Tells open dashboards that something changed, over one SSE stream each. Only the topic is sent:
 * the page fetches what it shows, so nobody is pushed what their role may not read.
 */

export type Topic = "hosts" | "models" | "usage" | "keys";

const encoder = new TextEncoder();
const headers = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  "x-accel-buffering": "no",
};

/** Proxies cut connections that stay silent for a minute; Bun.serve does so after its idle timeout. */
const comment_interval_ms = 8_000;

export class Live {
  readonly #interval_ms: number;
  readonly #listeners = new Set<(chunk: Uint8Array) => void>();
  readonly #dirty = new Set<Topic>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #quiet_until = 0;

  /** A topic is sent at once after a quiet time, and then at most every INTERVAL_MS. */
  constructor(intervalMs = 1000) {
    this.#interval_ms = intervalMs;
  }

  changed(topic: Topic): void {
    if (this.#listeners.size === 0) return;
    this.#dirty.add(topic);
    this.#timer ??= setTimeout(() => this.#flush(), Math.max(0, this.#quiet_until - Date.now()));
  }

  /** An endless response; ends when the client leaves. */
  stream(): Response {
    let listener: ((chunk: Uint8Array) => void) | undefined;
    let ping: ReturnType<typeof setInterval> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        listener = (chunk) => controller.enqueue(chunk);
        this.#listeners.add(listener);
        controller.enqueue(encoder.encode(": connected\n\n"));
        ping = setInterval(
          () => controller.enqueue(encoder.encode(": ping\n\n")),
          comment_interval_ms,
        );
      },
      cancel: () => {
        clearInterval(ping);
        if (listener) this.#listeners.delete(listener);
      },
    });
    return new Response(body, { headers });
  }

  watching(): number {
    return this.#listeners.size;
  }

  #flush(): void {
    this.#timer = undefined;
    this.#quiet_until = Date.now() + this.#interval_ms;
    const chunk = encoder.encode([...this.#dirty].map((t) => `event: ${t}\ndata: {}\n\n`).join(""));
    this.#dirty.clear();
    for (const listener of this.#listeners) listener(chunk);
  }
}
