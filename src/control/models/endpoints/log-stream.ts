/** The log lines of an endpoint as they are written, as server-sent events. */
import { type FollowLog, type LogPlace, leftOut, whyEnded } from "./log-source.ts";

export interface LogStreamParts {
  followLog: FollowLog;
  /** Looked at now and then, because replicas come and go; null ends the stream. */
  replicas(): readonly LogPlace[] | null;
  /** Last lines of each replica that come first. */
  tail: number;
  /** Aborted when the appliance stops. */
  stopping: AbortSignal;
  look_ms?: number;
}

const encoder = new TextEncoder();
const headers = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  "x-accel-buffering": "no",
};
/** Also how often a comment is sent: proxies cut connections that stay silent, and so does Bun.serve. */
const look_default_ms = 5000;
/** Chunks; beyond these the reader is slow, and its lines wait where they are bounded. */
const most_unread = 64;

/**
 * Events are `{replica, line}`; one of type `end`, `{replica, detail}`, says that a log is over. Ends
 * when the client leaves, and when nobody may read on.
 */
export function logStream(parts: LogStreamParts): Response {
  let stream: LogStream | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        stream = new LogStream(parts, controller);
      },
      pull: () => stream?.resume(),
      cancel: () => stream?.stop(),
    },
    { highWaterMark: most_unread },
  );
  return new Response(body, { headers });
}

class LogStream {
  readonly #parts: LogStreamParts;
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #end = (): void => this.#close();
  /** How to unfollow; null for a log that has been read to its end. */
  readonly #followed = new Map<string, (() => void) | null>();
  #room: { reached: Promise<void>; reach(): void } | undefined;
  #over = false;

  constructor(parts: LogStreamParts, controller: ReadableStreamDefaultController<Uint8Array>) {
    this.#parts = parts;
    this.#controller = controller;
    parts.stopping.addEventListener("abort", this.#end);
    this.#timer = setInterval(() => this.#tick(), parts.look_ms ?? look_default_ms);
    this.#tick();
  }

  /** The client has taken something: those who wait for room go on. */
  resume(): void {
    this.#room?.reach();
    this.#room = undefined;
  }

  stop(): void {
    this.#over = true;
    clearInterval(this.#timer);
    this.#parts.stopping.removeEventListener("abort", this.#end);
    for (const unfollow of this.#followed.values()) unfollow?.();
    this.#followed.clear();
    this.resume();
  }

  #tick(): void {
    const replicas = this.#parts.replicas();
    if (!replicas || this.#parts.stopping.aborted) {
      this.#close();
      return;
    }
    this.#send(": following\n\n");
    for (const replica of replicas) if (!this.#followed.has(replica.id)) this.#follow(replica);
  }

  #follow(replica: LogPlace): void {
    const { id, host_id } = replica;
    const unfollow = this.#parts.followLog(
      host_id,
      id,
      this.#parts.tail,
      (lines, dropped) => {
        const all = dropped > 0 ? [leftOut(dropped), ...lines] : lines;
        this.#send(
          all.map((line) => `data: ${JSON.stringify({ replica: id, line })}\n\n`).join(""),
        );
        return this.#whenThereIsRoom();
      },
      (reason) => {
        const detail = whyEnded(reason, replica);
        this.#send(`event: end\ndata: ${JSON.stringify({ replica: id, detail })}\n\n`);
        // A host that comes back is followed again.
        if (reason === "replica_gone") this.#followed.set(id, null);
        else this.#followed.delete(id);
      },
    );
    this.#followed.set(id, unfollow);
  }

  #send(text: string): void {
    if (!this.#over && text !== "") this.#controller.enqueue(encoder.encode(text));
  }

  #whenThereIsRoom(): Promise<void> | undefined {
    if (this.#over || (this.#controller.desiredSize ?? 0) > 0) return undefined;
    if (!this.#room) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#room = { reached: promise, reach: resolve };
    }
    return this.#room.reached;
  }

  #close(): void {
    if (this.#over) return;
    this.stop();
    this.#controller.close();
  }
}
