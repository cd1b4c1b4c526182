/** Proxies that write down what arrives, and the environments that send everything to them. */
import { once } from "node:events";
import { createServer as createHttpServer, request } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";

export class RecordingProxy {
  /** The first line of everything that arrived. */
  readonly seen: string[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      this.seen.push(String(bytes).split("\r\n")[0] ?? "");
      socket.end("HTTP/1.1 503 no way\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    });
  });

  static async start(): Promise<RecordingProxy> {
    const proxy = new RecordingProxy();
    await once(proxy.#server.listen(0, "127.0.0.1"), "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

const variables = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "GRPC_PROXY"];

/** Every variable that some library reads names the proxy URL, and nobody is spared. */
export function allBy(url: string): Record<string, string> {
  const names = variables.flatMap((name) => [name, name.toLowerCase()]);
  const named = Object.fromEntries(names.map((name) => [name, url]));
  return { ...named, NODE_USE_ENV_PROXY: "1", NO_PROXY: "", no_proxy: "", no_grpc_proxy: "" };
}

const elsewhere = (url: string): string => url.replaceAll("127.0.0.1", "away.example");

/**
 * A proxy behind which this machine is a service elsewhere, away.example, redirects included. As RFC 9112 3.2.2 has it,
 * a proxy is asked for whole addresses; SEEN gets these.
 */
export async function forwardingProxy(seen: string[]) {
  const server = createHttpServer((asked, answer) => {
    const { method = "", url = "", headers } = asked;
    seen.push(`${method} ${url}`);
    const target = url.replace("away.example", "127.0.0.1");
    request(target, { method, headers: { ...headers, "accept-encoding": "gzip" } }, (got) => {
      const { location } = got.headers;
      const moved = location === undefined ? {} : { location: elsewhere(location) };
      answer.writeHead(got.statusCode ?? 502, { ...got.headers, ...moved });
      got.pipe(answer);
    }).end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, elsewhere, stop: () => server.close() };
}
