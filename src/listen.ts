/** The HTTP port: inference to the gateway, /api to the control API, everything else to the dashboard. */
import { networkInterfaces } from "node:os";
import type { Server } from "bun";
import type { Config } from "./config.ts";
import type { Gateway } from "./gateway/gateway.ts";
import type { Http } from "./http.ts";

export interface Faces {
  gateway: Pick<Gateway, "handle">;
  http: Http;
  /** Null for a path that is neither a page nor an asset. */
  dashboard(request: Request): Response | null;
}

export interface Listening {
  port: number;
  requestIP: Server<undefined>["requestIP"];
  /** Takes no new connections, waits a while for the open ones, then ends them. */
  close(): Promise<void>;
}

const drain_ms = 10_000;
/** Above what the gateway allows, so that it is the gateway that says 413, in the envelope. */
const largest_body_bytes = 1024 ** 3;

export function listen(config: Config, { gateway, http, dashboard }: Faces): Listening {
  const server = bind(config, (request, server) => {
    const answer = gateway.handle(request, server);
    if (answer) return answer;
    const page = dashboard(request);
    return page ?? http.handle(request);
  });
  return {
    port: server.port ?? config.port,
    requestIP: (request) => server.requestIP(request),
    async close() {
      const late = setTimeout(() => void server.stop(true), drain_ms);
      await server.stop(false);
      clearTimeout(late);
    },
  };
}

function bind(
  { host, port }: Config,
  fetch: (request: Request, server: Server<undefined>) => Response | Promise<Response>,
): Server<undefined> {
  try {
    return Bun.serve({
      hostname: host,
      port,
      fetch,
      idleTimeout: 30,
      maxRequestBodySize: largest_body_bytes,
    });
  } catch (cause) {
    throw new Error(`Port ${port} is in use or may not be bound. Choose another with --port.`, {
      cause,
    });
  }
}

/** What a join token tells agents to dial: what was configured, else every IPv4 address of this machine. */
export function dialAddresses(advertised: readonly string[], port: number): string[] {
  if (advertised.length > 0) return [...advertised];
  const own = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((entry) => entry.family === "IPv4" && !entry.internal)
    .map((entry) => entry.address);
  return [...own, "127.0.0.1"].map((address) => `${address}:${port}`);
}
