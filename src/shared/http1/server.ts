/**
 * Our own HTTP/1.1 server over `Bun.listen`. Bun.serve makes a Request, its Headers, an AbortSignal, a
 * Response and a web stream for every request, knows one idle timeout for all that a slow client can
 * do, and keeps about 90 KB an open stream; `npm run bench` shows what this one costs.
 */
import { type Answer, encodeRefusal } from "./answer.ts";
import { Connection } from "./connection.ts";
import { maxConnections } from "./descriptors.ts";
import type { ServerRequest } from "./incoming.ts";
import { ProtocolError } from "./protocol-error.ts";
import { Room } from "./room.ts";
import type { Service } from "./service.ts";

export interface ServerOptions {
  hostname: string;
  /** 0 takes a free one. */
  port: number;
  handle(request: ServerRequest): Answer | Promise<Answer>;
  /** Never throws. */
  refuse(error: unknown): Answer & { body: string };
  /** Of all bodies over 64 KiB together; a request that would need more is refused with 503. */
  max_bodies_bytes?: number;
  /** As many as there are file descriptors for, unless it is said here. */
  max_connections?: number;
  /** Milliseconds, never going back; and how often it is looked at. */
  now?: () => number;
  sweep_ms?: number;
}

export interface HttpServer {
  readonly port: number;
  /** Connections that are open now, and what the bodies of their requests take. */
  readonly connections: number;
  readonly bodies_bytes: number;
  /** Takes no new connections, closes the idle ones; resolves when the last answer is out, or after DRAIN_MS. */
  close(drain_ms: number): Promise<void>;
}

/** Throws when the port cannot be had. */
export function serveHttp(options: ServerOptions): HttpServer {
  const { hostname, port, handle, refuse } = options;
  const now = options.now ?? (() => performance.now());
  const most = options.max_connections ?? maxConnections();
  const connections = new Set<Connection>();
  let whenEmpty: (() => void) | null = null;
  const room = new Room(options.max_bodies_bytes ?? 512 * 1024 ** 2);
  const state = { stopping: false, now: now() };
  const service: Service = {
    handle,
    refuse,
    room,
    get now() {
      return state.now;
    },
    get stopping() {
      return state.stopping;
    },
  };
  const lost = (connection: Connection | undefined): void => {
    if (!connection) return;
    connection.lost();
    connections.delete(connection);
    if (connections.size === 0) whenEmpty?.();
  };
  /** Whoever has no request under way makes room; without such a one, nobody more comes in. */
  const isFull = (): boolean => {
    if (connections.size < most) return false;
    for (const connection of connections) {
      if (!connection.idle) continue;
      connection.abort();
      lost(connection);
      return false;
    }
    return true;
  };
  const listener = Bun.listen<Connection | undefined>({
    hostname,
    port,
    // What a client is owed when it closes its side is the connection's to decide.
    allowHalfOpen: true,
    socket: {
      open(socket) {
        if (isFull()) {
          socket.end(encodeRefusal(refuse(new ProtocolError(full, 503))));
          return;
        }
        socket.data = new Connection(socket, service);
        connections.add(socket.data);
      },
      data: (socket, bytes) => socket.data?.received(bytes),
      drain: (socket) => socket.data?.drained(),
      end: (socket) => socket.data?.ended(),
      close: (socket) => lost(socket.data),
      error(socket) {
        socket.terminate();
        lost(socket.data);
      },
    },
  });
  const sweep = setInterval(() => {
    state.now = now();
    for (const connection of connections) connection.tick(state.now);
  }, options.sweep_ms ?? 1_000).unref();

  return {
    port: listener.port,
    get connections() {
      return connections.size;
    },
    get bodies_bytes() {
      return room.taken;
    },
    async close(drain_ms) {
      state.stopping = true;
      listener.stop(false);
      for (const connection of connections) connection.close();
      const late = setTimeout(() => {
        for (const connection of connections) connection.abort();
      }, drain_ms);
      if (connections.size > 0) await new Promise<void>((resolve) => (whenEmpty = resolve));
      clearTimeout(late);
      clearInterval(sweep);
    },
  };
}

const full = "Too many connections are open here. Try again in a moment.";
