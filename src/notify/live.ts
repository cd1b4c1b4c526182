/**
 * Tells open dashboards that something changed, over one SSE stream each. Only the topic is sent:
 * the page fetches what it shows, so nobody is pushed what their role may not read.
 */

export type Topic = "hosts" | "models" | "endpoints" | "usage" | "keys" | "settings";

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
  readonly #pages = new Set<ReadableStreamDefaultController<Uint8Array>>();
  readonly #dirty = new Set<Topic>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #quiet_until = 0;

  /** A topic is sent at once after a quiet time, and then at most every INTERVAL_MS. */
  constructor(intervalMs = 1000) {
    this.#interval_ms = intervalMs;
  }

  changed(topic: Topic): void {
    if (this.#pages.size === 0) return;
    this.#dirty.add(topic);
    this.#timer ??= setTimeout(
      () => this.#flush(),
      Math.max(0, this.#quiet_until - performance.now()),
    );
  }

  /** An endless response; ends when the client leaves or the appliance stops. */
  stream(): Response {
    let page: ReadableStreamDefaultController<Uint8Array> | undefined;
    let ping: ReturnType<typeof setInterval> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        page = controller;
        this.#pages.add(controller);
        controller.enqueue(encoder.encode(": connected\n\n"));
        ping = setInterval(() => {
          if (this.#pages.has(controller)) controller.enqueue(encoder.encode(": ping\n\n"));
          else clearInterval(ping);
        }, comment_interval_ms);
      },
      cancel: () => {
        clearInterval(ping);
        if (page) this.#pages.delete(page);
      },
    });
    return new Response(body, { headers });
  }

  /** Ends all streams, so that stopping need not wait for people to close their pages. */
  close(): void {
    clearTimeout(this.#timer);
    for (const page of this.#pages) page.close();
    this.#pages.clear();
  }

  watching(): number {
    return this.#pages.size;
  }

  #flush(): void {
    this.#timer = undefined;
    this.#quiet_until = performance.now() + this.#interval_ms;
    const chunk = encoder.encode([...this.#dirty].map((t) => `event: ${t}\ndata: {}\n\n`).join(""));
    this.#dirty.clear();
    for (const page of this.#pages) page.enqueue(chunk);
  }
}
