/** A log from the file that a runtime writes on its host to somebody who reads it at the control plane. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { closeSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openLog, rotateLog } from "../../agent/process/log.ts";
import { Session } from "../../agent/session/session.ts";
import {
  type ControlPlane,
  enrol,
  FleetWorld,
  hello,
  newSecret,
  observedReplica,
} from "../control/fleet/fleet.testbed.ts";
import { Testbed } from "./appliance.testbed.ts";

let testbed: Testbed;
let plane: ControlPlane;
let host_id: string;
/** The log of the replica; undefined: the host has no such replica. */
let log: string | undefined;
/** Writes as the runtime does. */
let write: (text: string) => void;

beforeEach(async () => {
  testbed = new Testbed();
  const world = new FleetWorld();
  plane = await world.start();
  const { server } = plane;
  testbed.defer(async () => {
    server.stop();
    world.end();
  });
  log = join(testbed.folder(), "rep_a.log");
  startRuntime();
  const member = await enrol(plane, newSecret(plane));
  host_id = member.host_id;
  const session = new Session(
    {
      addresses: [`127.0.0.1:${server.port}`],
      credentials: () => member,
      keepalive: { every_ms: 20_000, within_ms: 10_000 },
      welcome_ms: 5000,
      random: () => 0,
    },
    {
      hello: async () => hello,
      heartbeat: async () => ({
        at_ms: 0,
        memory_used_bytes: 0,
        disk_free_bytes: 0,
        cpu_ratio: 0,
        cache_used_bytes: 4,
        download_bytes_total: 5,
        gpus: [],
        xids: [],
        damaged_sources: [],
      }),
      observed: () => ({ generation: 0, replicas: [observedReplica("rep_a")], sources: [] }),
      desire: () => undefined,
      connection: () => undefined,
      refused: async () => undefined,
      tunnels: () => undefined,
      peers: () => undefined,
      logOf: (id) => (id === "rep_a" ? log : undefined),
      log: () => undefined,
    },
  );
  const stop = new AbortController();
  const kept = session.keep(stop.signal);
  testbed.defer(async () => {
    stop.abort();
    await kept;
  });
  const connected = Promise.withResolvers<void>();
  plane.hosts.onChange(() => plane.hosts.observedSet(host_id) && connected.resolve());
  await connected.promise;
});
afterEach(() => testbed.end());

/** A new process of the replica: the log of the last one is renamed. */
function startRuntime(): void {
  const file = openLog(log ?? "");
  testbed.defer(async () => closeSync(file));
  write = (text) => void writeSync(file, text);
}

function reader(tail_lines: number, pause: () => Promise<void> | undefined = () => undefined) {
  const told: string[] = [];
  let dropped = 0;
  let wake: () => void = () => undefined;
  const stop = plane.hosts.followLog(
    host_id,
    "rep_a",
    tail_lines,
    (lines, missing) => {
      told.push(...lines);
      dropped += missing;
      wake();
      return pause();
    },
    (reason) => {
      told.push(reason);
      wake();
    },
  );
  testbed.defer(async () => stop());
  const until = async (word: string) => {
    while (!told.includes(word)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { told, until, dropped: () => dropped };
}

test("its last lines come first, then what is written, across a rotation, a restart and the end", async () => {
  write("loading\nready\n");
  const { told, until } = reader(1);
  await until("ready");
  const before = performance.now();
  write("serving\n");
  await until("serving");
  expect(performance.now() - before).toBeLessThan(600);
  rotateLog(log ?? "", 10);
  write("after the cut\n");
  await until("after the cut");
  write("it crashed");
  startRuntime();
  write("started again\n");
  await until("started again");
  write("bye\n");
  log = undefined;
  await until("replica_gone");
  expect(told).toEqual([
    ...["ready", "serving", "after the cut", "it crashed", "started again"],
    ...["bye", "replica_gone"],
  ]);
});

test("a reader that stands still costs a thousand lines, and learns how many it missed", async () => {
  const resumed = Promise.withResolvers<void>();
  const slow = reader(0, () => resumed.promise);
  write("begin\n");
  const quick = reader(1);
  await quick.until("begin");
  const line = `${"x".repeat(500)}\n`;
  for (let i = 0; i < 3; i++) write(line.repeat(1000));
  write("the end\n");
  await quick.until("the end");
  resumed.resolve();
  await slow.until("the end");
  expect(slow.told.length).toBeLessThanOrEqual(1000);
  expect(slow.told.length + slow.dropped()).toBe(3001);
});

test("what is followed ends with the connection", async () => {
  write("one\n");
  const first = reader(1);
  await first.until("one");
  plane.server.stop();
  await first.until("host_disconnected");
  expect(first.told).toEqual(["one", "host_disconnected"]);
});
