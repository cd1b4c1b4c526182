/** The HTTP port: inference to the gateway, /api to the control API, everything else to the docs and the dashboard. */
import { networkInterfaces } from "node:os";
import type { Gateway } from "../gateway/gateway.ts";
import { fromFetch, toFetch } from "../shared/http1/fetch.ts";
import type { ServerRequest } from "../shared/http1/incoming.ts";
import { refusal } from "../shared/http1/refusal.ts";
import { type HttpServer, serveHttp } from "../shared/http1/server.ts";
import type { Config } from "./config.ts";
import type { Http } from "./control-api.ts";

export interface Faces {
  gateway: Pick<Gateway, "handle">;
  http: Http;
  /** The docs and the dashboard; null for a path that is neither a page nor an asset. */
  pages(request: Request): Response | null;
}

export interface Listening {
  port: number;
  /** Where a request for `http` came from; undefined for one that did not come by this port. */
  addressOf(request: Request): string | undefined;
  /** Takes no new connections, waits a while for the open ones, then ends them. */
  close(): Promise<void>;
}

const drain_ms = 10_000;
/** Above what the control API takes: it says 413 itself, in the envelope. */
const largest_body_bytes = 2 * 1024 ** 2;

export function listen(config: Config, { gateway, http, pages }: Faces): Listening {
  const addresses = new WeakMap<Request, string>();

  async function handleByFetch(incoming: ServerRequest) {
    const request = await toFetch(incoming, largest_body_bytes);
    addresses.set(request, incoming.address);
    return await fromFetch(pages(request) ?? (await http.handle(request)), request.signal);
  }

  const server = bind(config, (request) => gateway.handle(request) ?? handleByFetch(request));
  return {
    port: server.port,
    addressOf: (request) => addresses.get(request),
    close: () => server.close(drain_ms),
  };
}

function bind(
  { host, port }: Config,
  handle: Parameters<typeof serveHttp>[0]["handle"],
): HttpServer {
  try {
    return serveHttp({ hostname: host, port, handle, refuse: refusal });
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
