import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { decodeJoinToken } from "../contract/protocol/join-token.ts";
import type { Desired } from "../contract/protocol/messages.ts";
import { enrol } from "./enrolment.ts";
import { reconnectPause } from "./reconnect-pause.ts";
import { Testbed } from "./session.testbed.ts";
import { Session, type SessionSide } from "./session.ts";

setDefaultTimeout(30_000);

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Side extends SessionSide {
  lines: string[];
  /** What was asked for, in turn. */
  asked: number[];
  desires: Desired[];
  /** Of every replica, while there is one. */
  log_path: string | undefined;
  /** Resolves at the next line that holds TEXT. */
  hears(text: string): Promise<void>;
}

function fakeSide(): Side {
  const lines: string[] = [];
  const desires: Desired[] = [];
  const asked: number[] = [];
  const listeners = new Set<() => void>();
  const replicas: never[] = [];
  const sources: never[] = [];
  const inventory = {} as never;
  return {
    lines,
    asked,
    desires,
    log_path: undefined,
    heartbeat: async () => ({
      at_ms: 1,
      memory_used_bytes: 2,
      disk_free_bytes: 3,
      cpu_ratio: 0.5,
      cache_used_bytes: 4,
      download_bytes_total: 5,
      gpus: [],
      xids: [],
      damaged_sources: [],
    }),
    hello: async () => ({
      agent_version: "1",
      inventory,
      relay_port: 0,
      labels: { pool: "a" },
      tunnel: false,
    }),
    observed: () => ({ generation: desires.at(-1)?.generation ?? 0, replicas, sources }),
    connection: () => undefined,
    refused: async () => undefined,
    peers: () => undefined,
    tunnels: (idle) => {
      asked.push(idle);
      for (const listener of listeners) listener();
    },
    desire: (desired) => {
      desires.push(desired);
      for (const listener of listeners) listener();
    },
    logOf() {
      return this.log_path;
    },
    log: (line) => {
      lines.push(line);
      for (const listener of listeners) listener();
    },
    async hears(text) {
      while (!lines.some((line) => line.includes(text))) {
        await new Promise<void>((settle) => listeners.add(settle));
      }
    },
  };
}

/** A session of an enrolled host with TESTBED, dialling ADDRESS. */
async function openSession(testbed: Testbed, address: string): Promise<Side> {
  const side = fakeSide();
  const credentials = await enrol(decodeJoinToken(testbed.token()));
  const session = new Session(
    {
      addresses: [address],
      credentials: () => credentials,
      keepalive: { every_ms: 200, within_ms: 200 },
      welcome_ms: 2000,
      random: () => 0,
    },
    side,
  );
  const stop = new AbortController();
  const kept = session.keep(stop.signal);
  cleanups.push(async () => {
    stop.abort();
    await kept;
  });
  return side;
}

async function startTestbed(): Promise<Testbed> {
  const testbed = await Testbed.start();
  cleanups.push(() => testbed.close());
  return testbed;
}

test("the pause before a reconnect doubles from 0.2 s to 15 s, with jitter over its upper half", () => {
  const bounds = [1, 2, 3, 4, 7, 8, 9, 1000].map((failures) => reconnectPause(failures, 1));
  expect(bounds).toEqual([200, 400, 800, 1600, 12_800, 15_000, 15_000, 15_000]);
  expect(reconnectPause(3, 0)).toBe(400);
  expect(reconnectPause(0, 1)).toBe(200);
});

test("says hello, reports, beats, and hands over what is desired", async () => {
  const testbed = await startTestbed();
  const side = await openSession(testbed, `127.0.0.1:${testbed.port}`);
  await testbed.when(() => testbed.heartbeats.length > 0 && testbed.observed.length > 0);
  expect(testbed.hellos).toMatchObject([{ labels: { pool: "a" } }]);
  expect(testbed.heartbeats[0]).toEqual({
    at_ms: 1,
    memory_used_bytes: 2,
    disk_free_bytes: 3,
    cpu_ratio: 0.5,
    cache_used_bytes: 4,
    download_bytes_total: 5,
    gpus: [],
    xids: [],
    damaged_sources: [],
  });
  testbed.desire({ generation: 5, replicas: [] });
  testbed.desire({ generation: 4, replicas: [] });
  testbed.desire({ generation: 6, replicas: [] });
  await testbed.when(() => side.desires.length >= 2);
  expect(side.desires.map(({ generation }) => generation)).toEqual([5, 6]);
});

test("follows a log until it is told not to, and every follow ends with its stream", async () => {
  const testbed = await startTestbed();
  const side = await openSession(testbed, `127.0.0.1:${testbed.port}`);
  await side.hears("connected to the control plane");
  const folder = mkdtempSync(join(tmpdir(), "hypervize-session-"));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  side.log_path = join(folder, "rep_a.log");
  writeFileSync(side.log_path, "one\ntwo\n");
  const told = () =>
    testbed.logs.flatMap(({ follow_id, lines }) => lines.map((l) => follow_id + l));
  testbed.command({ follow: { id: "a:", replica_id: "rep_a", tail_lines: 1 } });
  testbed.command({ follow: { id: "b:", replica_id: "rep_a", tail_lines: 0 } });
  await testbed.when(() => testbed.logs.length === 2);
  expect(told()).toEqual(["a:two"]);
  testbed.command({ unfollow: { id: "a:" } });
  testbed.desire({ generation: 1, replicas: [] });
  await testbed.when(() => side.desires.length === 1);
  appendFileSync(side.log_path, "three\n");
  await testbed.when(() => testbed.logs.length === 3);
  expect(told()).toEqual(["a:two", "b:three"]);
  testbed.close();
  await side.hears("lost the control plane");
  appendFileSync(side.log_path, "four\n");
  await testbed.listen();
  await testbed.when(() => testbed.hellos.length === 2 && testbed.heartbeats.length > 0);
  testbed.command({ follow: { id: "c:", replica_id: "rep_a", tail_lines: 1 } });
  await testbed.when(() => testbed.logs.length === 4);
  expect(told()).toEqual(["a:two", "b:three", "c:four"]);
});

test("comes back when the control plane restarts, and takes its word again", async () => {
  const testbed = await startTestbed();
  const side = await openSession(testbed, `127.0.0.1:${testbed.port}`);
  await side.hears("connected to the control plane");
  testbed.close();
  await side.hears("lost the control plane");
  testbed.desire({ generation: 1, replicas: [] });
  await testbed.listen();
  await testbed.when(() => testbed.hellos.length === 2 && side.desires.length === 1);
});

test("notices a connection that is silently dead and opens another", async () => {
  const testbed = await startTestbed();
  const relay = await blackHoleRelay(testbed.port);
  const side = await openSession(testbed, `127.0.0.1:${relay.port}`);
  await side.hears("connected to the control plane");
  relay.swallow();
  await side.hears("lost the control plane");
  await testbed.when(() => testbed.hellos.length === 2);
});

test("a removed host says so once and is not welcome", async () => {
  const testbed = await startTestbed();
  testbed.removed = true;
  const side = await openSession(testbed, `127.0.0.1:${testbed.port}`);
  await side.hears("refuses this host: This host was removed.");
  expect(side.lines).toHaveLength(1);
  expect(side.asked).toEqual([0]);
  expect(testbed.hellos).toHaveLength(0);
});

test("a control plane that is in trouble itself is dialled again soon, and no tunnel ends for that", async () => {
  const testbed = await startTestbed();
  testbed.ending = { code: status.UNAVAILABLE, details: "database or disk is full" };
  const side = await openSession(testbed, `127.0.0.1:${testbed.port}`);
  await side.hears("database or disk is full");
  testbed.ending = undefined;
  await side.hears("connected to the control plane");
  expect(side.asked).toEqual([]);
  expect(side.lines.join()).not.toContain("identity.json");
});

test("an agent that another one has replaced says so, and keeps its tunnels", async () => {
  const testbed = await startTestbed();
  testbed.ending = { code: status.ABORTED, details: "A newer connection took over." };
  const side = await openSession(testbed, `127.0.0.1:${testbed.port}`);
  await side.hears("another agent has connected as this host (A newer connection took over.)");
  expect(side.asked).toEqual([]);
});

/** A TCP relay whose open connections can be made to swallow every byte without closing. */
async function blackHoleRelay(target: number): Promise<{ port: number; swallow: () => void }> {
  const swallowed = new WeakSet<Socket>();
  const sockets: Socket[] = [];
  const carry = (from: Socket, to: Socket) => {
    sockets.push(from);
    from.on("data", (bytes) => swallowed.has(from) || to.write(bytes));
    from.on("error", () => undefined);
    from.on("close", () => to.destroy());
  };
  const server = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    carry(near, far);
    carry(far, near);
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    swallow: () => {
      for (const socket of sockets) swallowed.add(socket);
    },
  };
}
