import { isIPv6 } from "node:net";
import type { Socket } from "bun";
import type { ProxyPlace } from "../../../agent/contract/proxy.ts";
import type { Dialler } from "./wire.ts";

const most_head_bytes = 16_384;

interface Target {
  hostname: string;
  port: number;
  data: Dialler;
}

/**
 * Asks PROXY for a tunnel to TARGET (RFC 9110 9.3.6); UPGRADE begins TLS in it. Rejects when there is none: nothing but
 * TARGET's name was said then.
 */
export function throughProxy(
  { host, port, authorization }: ProxyPlace,
  target: Target,
  upgrade: (raw: Socket<Dialler>) => void,
): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const name = isIPv6(target.hostname) ? `[${target.hostname}]` : target.hostname;
  const place = `${name}:${target.port}`;
  const account = authorization && `proxy-authorization: ${authorization}\r\n`;
  const request = `CONNECT ${place} HTTP/1.1\r\nhost: ${place}\r\n${account}\r\n`;
  let head = "";
  let isTunnel = false;
  const refuse = (socket: Socket<Dialler>) => {
    reject(new Error("The proxy opens no tunnel."));
    socket.terminate();
  };
  const gone = (socket: Socket<Dialler>, error?: Error) => {
    if (isTunnel) socket.data.closed(error);
    else reject(error ?? new Error("The proxy closed the connection."));
  };
  Bun.connect({
    hostname: host,
    port,
    data: target.data,
    socket: {
      open(socket) {
        // For whoever does not want the connection any more; nothing is sent before it is ready.
        socket.data.reached(socket);
        socket.write(request);
      },
      data(socket, bytes) {
        // These are TLS's by now, which Bun shows here as well.
        if (isTunnel) return;
        head += bytes.toString("latin1");
        const end = head.indexOf("\r\n\r\n");
        if (end < 0 && head.length < most_head_bytes) return;
        // Behind TLS the client speaks first: what comes with the head is nobody's.
        if (!/^HTTP\/1\.[01] 2\d\d /.test(head) || end + 4 !== head.length) return refuse(socket);
        isTunnel = true;
        resolve();
        upgrade(socket);
      },
      close: gone,
      error: gone,
      connectError: () => undefined,
    },
  }).catch(reject);
  return promise;
}
