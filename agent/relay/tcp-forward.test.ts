/** What passes through a relay: all of it, in order, no faster than it is read, and no longer. */
import { afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { relayName } from "../contract/protocol/relay-name.ts";
import { type Line, RelayWorld } from "./relay.testbed.ts";

const id = "rep_stream";
const mebibyte = 1024 * 1024;

let world: RelayWorld;
let port: number;
beforeAll(async () => {
  world = await RelayWorld.create();
});
beforeEach(() => {
  port = world.relay(0);
});
afterEach(() => world.end());

/** A connection through the relay, both of its ends. */
async function connected(): Promise<{ client: Line; runtime: Line }> {
  const accepted = Promise.withResolvers<Line>();
  world.replica(id, accepted.resolve);
  const client = world.dial(port, relayName(id), world.controlPlane);
  await client.open.promise;
  return { client, runtime: await accepted.promise };
}

/** Bytes that differ everywhere, so that a piece in the wrong place is seen. */
function numbers(bytes: number): Buffer {
  return Buffer.from(Uint32Array.from({ length: bytes / 4 }, (_, index) => index).buffer);
}

test("who has taken the port of a runtime that died gets nothing", async () => {
  const replica = world.replica(id, () => undefined);
  const { port: runtimePort } = world.doors.get(id) ?? { port: 0 };
  replica.stop();
  let heard = "";
  const foreign = Bun.listen({
    hostname: "127.0.0.1",
    port: runtimePort,
    socket: {
      data: (_, bytes) => {
        heard += bytes;
      },
    },
  });
  const client = world.dial(port, relayName(id), world.controlPlane);
  client.send("a prompt");
  await client.closed.promise;
  foreign.stop(true);
  expect(heard).toBe("");
});

test("1,000 chunks arrive in order, and then the end", async () => {
  const { client, runtime } = await connected();
  const chunks = Array.from({ length: 1000 }, (_, index) => `data: ${index}\n\n`);
  for (const chunk of chunks) {
    runtime.send(chunk);
    await new Promise((resolve) => setImmediate(resolve));
  }
  (await runtime.open.promise).end();
  await client.closed.promise;
  expect(Buffer.concat(client.chunks).toString()).toBe(chunks.join(""));
  expect(client.chunks.length).toBeGreaterThan(10);
});

test("many megabytes go both ways at once and nothing is missing", async () => {
  const { client, runtime } = await connected();
  const sent = numbers(32 * mebibyte);
  client.send(sent);
  runtime.send(sent);
  const [down, up] = await Promise.all([client.until(sent.length), runtime.until(sent.length)]);
  expect(down.equals(sent)).toBe(true);
  expect(up.equals(sent)).toBe(true);
});

test("what a runtime said before it closed is delivered, to a slow reader too", async () => {
  const { client, runtime } = await connected();
  const socket = await client.open.promise;
  socket.pause();
  const sent = numbers(16 * mebibyte);
  runtime.send(sent);
  void runtime.drained().then(async () => (await runtime.open.promise).end());
  await runtime.stalled();
  socket.resume();
  await client.closed.promise;
  expect(Buffer.concat(client.chunks).equals(sent)).toBe(true);
});

test("a client that does not read stops the runtime, and the relay holds almost nothing", async () => {
  const { client, runtime } = await connected();
  const socket = await client.open.promise;
  socket.pause();
  const sent = numbers(128 * mebibyte);
  runtime.send(sent);
  await runtime.stalled();
  // What left the runtime is in the kernel's buffers of two connections, a few megabytes each, or here.
  expect(sent.length - runtime.unsent.length).toBeLessThan(32 * mebibyte);
  socket.resume();
  expect((await client.until(sent.length)).equals(sent)).toBe(true);
});

test("a runtime that does not read stops the client", async () => {
  const { client, runtime } = await connected();
  (await runtime.open.promise).pause();
  client.send(numbers(128 * mebibyte));
  await client.stalled();
  expect(client.unsent.length).toBeGreaterThan(96 * mebibyte);
  (await runtime.open.promise).resume();
  await runtime.until(128 * mebibyte);
});

const leavings: [string, (line: Line) => Promise<unknown>][] = [
  ["resets", async (line) => (await line.open.promise).terminate()],
  ["closes", async (line) => (await line.open.promise).end()],
];
test.each(leavings)("a client that %s ends the runtime's side at once", async (_, leave) => {
  const { client, runtime } = await connected();
  runtime.send("first token");
  await client.until("first token".length);
  const started = performance.now();
  await leave(client);
  await runtime.closed.promise;
  expect(performance.now() - started).toBeLessThan(500);
});

test("a client that leaves while it does not read ends the runtime's side at once", async () => {
  const { client, runtime } = await connected();
  const socket = await client.open.promise;
  socket.pause();
  runtime.send(numbers(128 * mebibyte));
  await runtime.stalled();
  const started = performance.now();
  socket.terminate();
  await runtime.closed.promise;
  expect(performance.now() - started).toBeLessThan(500);
});

test("a client that leaves while its runtime does not read is noticed", async () => {
  const { client, runtime } = await connected();
  const socket = await runtime.open.promise;
  socket.pause();
  client.send(numbers(128 * mebibyte));
  await client.stalled();
  (await client.open.promise).terminate();
  socket.resume();
  await runtime.closed.promise;
  expect(runtime.bytes).toBeLessThan(128 * mebibyte);
});

test("a runtime that is reset is a broken connection for the client", async () => {
  const { client, runtime } = await connected();
  (await runtime.open.promise).terminate();
  await client.closed.promise;
});

test("bytes that come with the handshake wait for the runtime", async () => {
  const accepted = Promise.withResolvers<Line>();
  world.replica(id, accepted.resolve);
  const client = world.dial(port, relayName(id), world.controlPlane);
  void client.open.promise.then(() => client.send("at once"));
  expect(String(await (await accepted.promise).until("at once".length))).toBe("at once");
});

test("500 connections at once keep to themselves", async () => {
  world.replica(id, (runtime) => {
    void runtime.until(8).then((bytes) => runtime.send(bytes));
  });
  const answers = await Promise.all(
    Array.from({ length: 500 }, async (_, index) => {
      const client = world.dial(port, relayName(id), world.controlPlane);
      await client.open.promise;
      client.send(String(index).padStart(8, "0"));
      return Number(await client.until(8));
    }),
  );
  expect(answers).toEqual(Array.from({ length: 500 }, (_, index) => index));
});
