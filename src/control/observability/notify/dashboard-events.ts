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

/** Chunks; beyond these a page is slow, and gets one event with what it has missed. */
const most_unread = 16;

/** One open page, and what it has missed because it does not read. */
interface Page {
  controller: ReadableStreamDefaultController<Uint8Array>;
  missed: Set<Topic>;
}

const eventsOf = (topics: ReadonlySet<Topic>): Uint8Array =>
  encoder.encode([...topics].map((topic) => `event: ${topic}\ndata: {}\n\n`).join(""));

const hasRoom = ({ controller }: Page): boolean => (controller.desiredSize ?? 0) > 0;

export class DashboardEvents {
  readonly #interval_ms: number;
  readonly #pages = new Set<Page>();
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
    let page: Page | undefined;
    let ping: ReturnType<typeof setInterval> | undefined;
    const source: UnderlyingDefaultSource<Uint8Array> = {
      start: (controller) => {
        const opened = { controller, missed: new Set<Topic>() };
        page = opened;
        this.#pages.add(opened);
        controller.enqueue(encoder.encode(": connected\n\n"));
        ping = setInterval(() => {
          if (!this.#pages.has(opened)) clearInterval(ping);
          else if (hasRoom(opened)) controller.enqueue(encoder.encode(": ping\n\n"));
        }, comment_interval_ms);
      },
      pull: () => {
        if (!page || page.missed.size === 0) return;
        page.controller.enqueue(eventsOf(page.missed));
        page.missed.clear();
      },
      cancel: () => {
        clearInterval(ping);
        if (page) this.#pages.delete(page);
      },
    };
    const body = new ReadableStream(source, { highWaterMark: most_unread });
    return new Response(body, { headers });
  }

  /** Ends all streams, so that stopping need not wait for people to close their pages. */
  close(): void {
    clearTimeout(this.#timer);
    for (const { controller } of this.#pages) controller.close();
    this.#pages.clear();
  }

  watching(): number {
    return this.#pages.size;
  }

  #flush(): void {
    this.#timer = undefined;
    this.#quiet_until = performance.now() + this.#interval_ms;
    const chunk = eventsOf(this.#dirty);
    for (const page of this.#pages) {
      if (hasRoom(page)) page.controller.enqueue(chunk);
      else for (const topic of this.#dirty) page.missed.add(topic);
    }
    this.#dirty.clear();
  }
}
