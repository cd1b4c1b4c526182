import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogLines } from "../contract/protocol/messages.ts";
import { LogFollows } from "./log-follows.ts";

let folder = "";
let here: Map<string, string>;
let sent: LogLines[];
let isFull: boolean;
let fulls: number;
let wake: () => void;
let follows: LogFollows;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hypervize-follows-"));
  here = new Map([["rep_a", join(folder, "a.log")]]);
  sent = [];
  isFull = false;
  fulls = 0;
  wake = () => undefined;
  follows = new LogFollows((id) => here.get(id), {
    full() {
      fulls += 1;
      wake();
      return isFull;
    },
    send(lines) {
      sent.push(lines);
      wake();
    },
  });
});
afterEach(() => {
  follows.close();
  rmSync(folder, { recursive: true });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise<void>((settle) => {
      wake = settle;
    });
  }
}

const a = () => join(folder, "a.log");
const follow = (tail_lines = 10, id = "f", replica_id = "rep_a") =>
  follows.follow({ id, replica_id, tail_lines });
const says = (lines: string[], rest: Partial<LogLines> = {}): LogLines => ({
  follow_id: "f",
  lines,
  dropped: 0,
  ended: false,
  ...rest,
});

test("is answered with the last lines, then with new ones within 0.3 s", async () => {
  writeFileSync(a(), "one\ntwo\n");
  follow(1);
  await until(() => sent.length === 1);
  const before = performance.now();
  appendFileSync(a(), "three\nfour\n");
  await until(() => sent.length === 2);
  expect(performance.now() - before).toBeLessThan(600);
  expect(sent).toEqual([says(["two"]), says(["three", "four"])]);
});

test("is answered when there is no log yet", async () => {
  follow();
  await until(() => sent.length === 1);
  writeFileSync(a(), "one\n");
  await until(() => sent.length === 2);
  expect(sent).toEqual([says([]), says(["one"])]);
});

test.each([
  [5000, 1000],
  [-3, 0],
])("asked for %d lines it begins with %d", async (asked, got) => {
  writeFileSync(a(), "line\n".repeat(2000));
  follow(asked);
  await until(() => sent.length === 1);
  expect(sent[0]?.lines).toHaveLength(got);
});

test("ends for a replica that is not here, and for one that was forgotten after its last words", async () => {
  follow(10, "g", "rep_b");
  follow();
  await until(() => sent.length === 2);
  expect(sent).toEqual([says([], { follow_id: "g", ended: true }), says([])]);
  writeFileSync(a(), "bye\n");
  here.clear();
  await until(() => sent.length === 3);
  expect(sent[2]).toEqual(says(["bye"], { ended: true }));
  here.set("rep_a", a());
  follow(1, "h");
  await until(() => sent.length === 4);
  appendFileSync(a(), "again\n");
  await until(() => sent.length === 5);
  expect(sent[4]).toEqual(says(["again"], { follow_id: "h" }));
});

test("while the connection is full lines wait in the file, and so does the end", async () => {
  writeFileSync(a(), "");
  follow();
  await until(() => sent.length === 1);
  isFull = true;
  appendFileSync(a(), "late\n");
  here.clear();
  const looks = fulls;
  await until(() => fulls > looks + 2);
  expect(sent).toHaveLength(1);
  isFull = false;
  await until(() => sent.length === 2);
  expect(sent[1]).toEqual(says(["late"], { ended: true }));
});

test("what a full connection leaves beyond 1 MiB is counted", async () => {
  writeFileSync(a(), "");
  follow();
  await until(() => sent.length === 1);
  isFull = true;
  const line = `${"x".repeat(1023)}\n`;
  appendFileSync(a(), line.repeat(1025));
  const looks = fulls;
  await until(() => fulls > looks + 2);
  expect(sent).toHaveLength(1);
  isFull = false;
  await until(
    () => sent.reduce((sum, { lines, dropped }) => sum + lines.length + dropped, 0) > 1024,
  );
  expect(sent[1]?.dropped).toBe(256);
});

test("a connection with room for one message a look carries every log in turn", async () => {
  writeFileSync(a(), "");
  const order: string[] = [];
  let room = 1;
  const makeRoom = () => {
    appendFileSync(a(), "more\n");
    room = 1;
  };
  const narrow = new LogFollows(a, {
    full: () => room === 0,
    send({ follow_id }) {
      room -= 1;
      order.push(follow_id);
      if (order.length < 5) setTimeout(makeRoom, 100);
      wake();
    },
  });
  for (const id of ["f1", "f2", "f3"]) narrow.follow({ id, replica_id: "rep_a", tail_lines: 0 });
  await until(() => order.length === 5);
  narrow.close();
  expect(order).toEqual(["f1", "f2", "f3", "f1", "f2"]);
});

test("of a flood the newest thousand lines are sent and the others are counted", async () => {
  writeFileSync(a(), "");
  follow();
  await until(() => sent.length === 1);
  const flood = Array.from({ length: 2500 }, (_, i) => `line ${i}\n`);
  appendFileSync(a(), flood.join(""));
  await until(() => sent.length === 2);
  expect(sent[1]).toMatchObject({ dropped: 1500, ended: false });
  expect(sent[1]?.lines.at(-1)).toBe("line 2499");
});

test("a log that cannot be read ends its follow", async () => {
  mkdirSync(a());
  follow();
  await until(() => sent.length === 1);
  expect(sent).toEqual([says([], { ended: true })]);
});

test("no file stays open, and one connection carries 256 follows", async () => {
  writeFileSync(a(), "one\n");
  const open = () => readdirSync("/proc/self/fd").length;
  const before = open();
  for (let i = 0; i <= 256; i++) follow(1, `f${i}`);
  await until(() => sent.length === 257);
  expect(sent.filter(({ ended }) => ended)).toEqual([says([], { follow_id: "f256", ended: true })]);
  expect(open()).toBeGreaterThan(before + 200);
  follow(1, "f0");
  follows.unfollow("f1");
  follows.close();
  expect(open()).toBeLessThan(before + 5);
});
