/** What a peer on the port for agents can make us keep: one that only writes, one that never reads, one that dribbles. */
import { afterEach, expect, test } from "bun:test";
import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import type { AgentSocket } from "./agent-port.ts";
import { FleetWorld } from "./fleet.testbed.ts";
import { GrpcConnection } from "./grpc-connection.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A connection that nobody reads, or that takes TAKES bytes at a time. */
function grpc(takes = Number.POSITIVE_INFINITY) {
  const seen: { paused: boolean; written: number } = { paused: false, written: 0 };
  const socket = {
    remoteAddress: "127.0.0.1",
    remotePort: 1,
    pause: () => (seen.paused = true),
    resume: () => (seen.paused = false),
    write(bytes: Buffer) {
      const taken = Math.min(takes, bytes.length);
      seen.written += taken;
      return taken;
    },
    end: () => undefined,
    terminate: () => undefined,
  } as unknown as AgentSocket;
  return { seen, connection: new GrpcConnection(socket) };
}

test("who only writes is read no faster than it is understood", async () => {
  const { seen, connection } = grpc();
  let sent = 0;
  const isPaused = (): boolean => seen.paused;
  while (!isPaused()) {
    connection.received(Buffer.alloc(1_000));
    sent += 1_000;
    expect(sent).toBeLessThan(1_000_000);
  }
  connection.on("data", () => undefined);
  await once(connection, "data");
  await new Promise((resolve) => setImmediate(resolve));
  expect(isPaused()).toBe(false);
});

test("to who never reads no more is written than it takes, and gRPC is told so", () => {
  const { seen, connection } = grpc(0);
  const isTaken = Array.from({ length: 100 }, () => connection.write(Buffer.alloc(1_000)));
  expect(isTaken.at(-1)).toBe(false);
  expect(seen.written).toBe(0);
});

test("who takes byte by byte gets all of it", async () => {
  const { seen, connection } = grpc(1);
  const written = Promise.withResolvers<void>();
  connection.write(Buffer.alloc(500), () => written.resolve());
  for (let count = 1; count < 500; count++) connection.drained();
  await written.promise;
  expect(seen.written).toBe(500);
});

const ping = Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);

async function http2(): Promise<TLSSocket> {
  const world = new FleetWorld();
  const { server } = await world.start();
  const socket = connect({
    host: "127.0.0.1",
    port: server.port,
    rejectUnauthorized: false,
    ALPNProtocols: ["h2"],
  });
  socket.on("error", () => undefined);
  cleanups.push(
    () => socket.destroy(),
    () => server.stop(),
    () => world.end(),
  );
  await once(socket, "secureConnect");
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  return socket;
}

test("who pings and pings and never reads the answers is cut off", async () => {
  const socket = await http2();
  socket.pause();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const many = Buffer.concat(Array.from({ length: 20_000 }, () => ping));
  const flood = (): void => {
    if (!socket.destroyed) socket.write(many, flood);
  };
  flood();
  await closed;
  expect(socket.bytesWritten).toBeLessThan(64_000_000);
});
