/**
 * Our own HTTP/1.1 client towards the runtimes, over `Bun.connect`. Bun's fetch allows 256 requests
 * at once in a process and gives up after 360 s of silence, both fixed before the process starts.
 */
import { type AnswerSink, Call, type UpstreamCall } from "./call.ts";
import { Connection } from "./connection.ts";
import type { Identity, Machines } from "./dial.ts";
import type { FaultKind } from "./fault.ts";
import { Pool } from "./pool.ts";
import { type Address, encodeRequest, type UpstreamRequest } from "./request.ts";

export interface UpstreamOptions {
  /** Without it the relays of other machines turn us away. */
  identity?: Identity;
  /** Without it only this machine's runtimes are reached, and providers. */
  machines?: Machines;
  /** PEM certificates that are believed of providers, beside the system's. */
  ca_pem?: string;
  connect_timeout_ms?: number;
  max_head_bytes?: number;
  /** Idle connections kept per address. */
  max_idle?: number;
  idle_ms?: number;
  now?: () => number;
}

export interface Upstream {
  /** Sends at once; everything that follows reaches SINK, never an exception. */
  send(address: Address, request: UpstreamRequest, sink: AnswerSink): UpstreamCall;
  /** Only connects: resolves with null when that can be done, else with what went wrong. */
  probe(address: Address): Promise<FaultKind | null>;
  /** Breaks every connection whose address is meant, used or not: their calls hear of a reset. */
  cut(isMeant: (address: Address) => boolean): void;
  idleConnections(): number;
  /** Closes the idle connections. */
  close(): void;
}

/**
 * How long a connection to a service elsewhere stands idle before its next request: whatever still comes of an
 * answer that was longer than it said comes meanwhile, and closes it. Our own runtimes are believed.
 */
const rest_ms = 10;

/** Connections are kept by where they lead, and those of a provider also by the account there. */
function keyOf({ host_id, host, port, listener, relay, provider }: Address): string {
  if (relay?.tunnel) return `tunnel ${host_id} ${relay.server_name}`;
  if (!provider) return `${host}:${port}/${relay?.server_name ?? listener ?? ""}`;
  const { tls, base_path, authorization } = provider;
  return `${host}:${port}/${tls ? `tls ${tls.server_name}` : "plain"} ${base_path} ${authorization}`;
}

export function createUpstream(options: UpstreamOptions = {}): Upstream {
  const opening = {
    trust: { identity: options.identity, machines: options.machines, ca_pem: options.ca_pem },
    timeoutMs: options.connect_timeout_ms ?? 5_000,
  };
  const maxHeadBytes = options.max_head_bytes ?? 32_768;
  const pool = new Pool({
    maxPerAddress: options.max_idle ?? 256,
    idleMs: options.idle_ms ?? 4_000,
    now: options.now ?? (() => performance.now()),
  });
  const open = new Set<Connection>();
  const onGone = (connection: Connection) => {
    open.delete(connection);
    pool.drop(connection);
  };
  const newConnection = (key: string) => {
    const connection = new Connection(key, onGone);
    open.add(connection);
    return connection;
  };

  return {
    send(address, request, sink) {
      const key = keyOf(address);
      const connect = (call: Call) => {
        const connection = newConnection(key);
        connection.open(address, opening, call, call.attach(connection));
      };
      const call = new Call(encodeRequest(address, request), {
        sink,
        maxHeadBytes,
        reconnect: connect,
        done: (connection) => pool.put(connection),
      });
      const kept = pool.take(key, address.provider ? rest_ms : 0);
      if (kept) kept.carry(call, call.attach(kept));
      else connect(call);
      return call;
    },
    probe(address) {
      const { promise, resolve } = Promise.withResolvers<FaultKind | null>();
      const connection = newConnection("");
      const opened = () => {
        connection.destroy();
        resolve(null);
      };
      const visitor = { opened, received: () => undefined, lost: resolve };
      connection.open(address, opening, visitor, "");
      return promise;
    },
    cut(isMeant) {
      for (const connection of [...open]) {
        if (connection.address && isMeant(connection.address)) connection.break();
      }
    },
    idleConnections: () => pool.size,
    close: () => pool.close(),
  };
}
