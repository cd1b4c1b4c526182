/** For tests: an honest little HTTP server on a real socket that can fail at any byte, on demand. */
import type { Socket, TLSOptions } from "bun";

export interface ReceivedRequest {
  /** Counts the requests of one connection from 0. */
  index: number;
  path: string;
  head: string;
  body: string;
}

export interface Answering {
  /** Sends exactly these bytes. */
  raw(bytes: string | Uint8Array): void;
  json(status: number, value: unknown): void;
  /** Head of a chunked event stream; then `chunk` and `finish`. */
  startStream(): void;
  chunk(text: string): void;
  finish(): void;
  /** True while the kernel takes no more, because the other side does not read. */
  blocked(): boolean;
  /** FIN, and RST. */
  close(): void;
  reset(): void;
  /** Resolves when the client has closed the connection. */
  gone: Promise<void>;
}

export interface ScriptedServer {
  port: number;
  connections(): number;
  stop(): void;
}

interface Peer {
  received: Buffer;
  requests: number;
  unsent: Buffer;
  gone: PromiseWithResolvers<void>;
}

/** Calls SCRIPT for every request that has arrived whole; with TLS it is as a relay is. */
export function scriptedServer(
  script: (request: ReceivedRequest, answer: Answering) => unknown,
  tls?: TLSOptions,
): ScriptedServer {
  let connections = 0;
  const listener = Bun.listen<Peer>({
    hostname: "127.0.0.1",
    port: 0,
    ...(tls && { tls }),
    socket: {
      open(socket) {
        connections++;
        const gone = Promise.withResolvers<void>();
        socket.data = { received: Buffer.alloc(0), requests: 0, unsent: Buffer.alloc(0), gone };
      },
      data(socket, bytes) {
        socket.data.received = Buffer.concat([socket.data.received, bytes]);
        for (let next = takeRequest(socket.data); next; next = takeRequest(socket.data)) {
          script(next, answering(socket));
        }
      },
      drain: (socket) => flush(socket),
      close: (socket) => socket.data.gone.resolve(),
      error: () => undefined,
    },
  });
  return {
    port: listener.port,
    connections: () => connections,
    stop: () => listener.stop(true),
  };
}

function takeRequest(peer: Peer): ReceivedRequest | null {
  const end = peer.received.indexOf("\r\n\r\n");
  if (end === -1) return null;
  const head = peer.received.toString("latin1", 0, end);
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  if (peer.received.length < end + 4 + length) return null;
  const body = peer.received.toString("utf8", end + 4, end + 4 + length);
  peer.received = peer.received.subarray(end + 4 + length);
  return { index: peer.requests++, path: head.split(" ")[1] ?? "", head, body };
}

function answering(socket: Socket<Peer>): Answering {
  const raw = (bytes: string | Uint8Array) => {
    socket.data.unsent = Buffer.concat([socket.data.unsent, Buffer.from(bytes)]);
    flush(socket);
  };
  return {
    raw,
    json(status, value) {
      const body = JSON.stringify(value);
      raw(`HTTP/1.1 ${status} X\r\ncontent-type: application/json\r\n`);
      raw(`content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    },
    startStream: () =>
      raw(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
      ),
    chunk: (text) => raw(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`),
    blocked: () => socket.data.unsent.length > 0,
    finish: () => raw("0\r\n\r\n"),
    close: () => void socket.end(),
    reset: () => socket.terminate(),
    gone: socket.data.gone.promise,
  };
}

function flush(socket: Socket<Peer>): void {
  if (socket.data.unsent.length === 0) return;
  const written = socket.write(socket.data.unsent);
  if (written > 0) socket.data.unsent = socket.data.unsent.subarray(written);
}
