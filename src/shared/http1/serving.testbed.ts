/** For tests: a server whose clock stands still until it is told to go on. */
import type { Answer } from "./answer.ts";
import type { ServerRequest } from "./incoming.ts";
import { type RawClient, rawClient } from "./raw-client.testbed.ts";
import { refusal } from "./refusal.ts";
import { type HttpServer, type ServerOptions, serveHttp } from "./server.ts";

export interface Serving {
  server: HttpServer;
  /** Bytes for a new connection; HALFOPEN: one that does not close because the server has. */
  client(halfOpen?: "half-open"): RawClient;
  pass(ms: number): void;
  stop(): Promise<void>;
}

export function serving(
  handle: (request: ServerRequest) => Answer | Promise<Answer>,
  options: Partial<ServerOptions> = {},
): Serving {
  let now_ms = 0;
  const clients: RawClient[] = [];
  const server = serveHttp({
    hostname: "127.0.0.1",
    port: 0,
    handle,
    refuse: refusal,
    now: () => now_ms,
    sweep_ms: 1,
    ...options,
  });
  return {
    server,
    client(halfOpen) {
      const client = rawClient(server.port, halfOpen === "half-open");
      clients.push(client);
      return client;
    },
    pass(ms) {
      now_ms += ms;
    },
    async stop() {
      for (const { socket } of clients) socket.destroy();
      await server.close(0);
    },
  };
}

/** Resolves when IT has become true. */
export async function until(it: () => boolean): Promise<void> {
  while (!it()) await new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when VALUE has not changed for a while. */
export async function still(value: () => number): Promise<number> {
  let last = Number.NaN;
  for (let same = 0; same < 200; same++) {
    if (value() !== last) same = 0;
    last = value();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return last;
}
