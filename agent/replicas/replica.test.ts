import { expect, test } from "bun:test";
import { advance, observe, restartPause, starting } from "./replica.ts";

const spec = {
  id: "rep_a",
  epoch: 3,
  model: "m",
  runtime: "llama-server",
  source: "builtin:m",
  context_tokens: 512,
  slots: 1,
  args: [],
  devices: [],
  env: {},
  hf_token: "",
};
const crash_event = {
  cause: "runtime_crash",
  detail: "It ended.",
  log_tail: ["x"],
  retry: true,
} as const;
const minute = 60_000;

test("the pause before a restart doubles from one second to one minute", () => {
  expect([0, 1, 2, 3, 6, 7, 8, 100].map(restartPause)).toEqual([
    1000, 1000, 2000, 4000, 32_000, 60_000, 60_000, 60_000,
  ]);
});

test("a life from start to ready shows pid, port and the time it took", () => {
  const spawned = advance(starting(spec), { kind: "spawned", pid: 7, port: 81, at_ms: 100 });
  expect(observe(spawned)).toMatchObject({
    state: "starting",
    host: "127.0.0.1",
    port: 81,
    pid: 7,
  });
  const ready = advance(spawned, { kind: "ready", ready_after_ms: 40, at_ms: 140, listener: 7 });
  expect(observe(ready)).toMatchObject({ state: "ready", started_at_ms: 100, ready_after_ms: 40 });
});

test("a start tells its phase and its download, and no other state has any", () => {
  const download = { downloaded_bytes: 5, download_bytes: 9, download_bytes_per_s: 2 };
  const none = { downloaded_bytes: 0, download_bytes: 0, download_bytes_per_s: 0 };
  const downloading = advance(starting(spec), { kind: "downloading", download });
  expect(observe(starting(spec))).toMatchObject({ phase: "loading", ...none });
  expect(observe(downloading)).toMatchObject({ phase: "downloading", ...download });
  const spawned = advance(downloading, { kind: "spawned", pid: 7, port: 81, at_ms: 1 });
  expect(observe(spawned)).toMatchObject({ phase: "loading", ...none });
  const warming = advance(spawned, { kind: "warming" });
  expect(observe(warming)).toMatchObject({ phase: "warming" });
  for (const over of [
    advance(warming, { kind: "ready", ready_after_ms: 1, at_ms: 2, listener: 7 }),
    advance(downloading, { kind: "ended", failure: crash_event, at_ms: 2 }),
    advance(advance(downloading, { kind: "stopping" }), { kind: "downloading", download }),
  ]) {
    expect(observe(over)).toMatchObject({ phase: "", ...none });
  }
});

test("crashes in a row lengthen the pause, and each restart is counted", () => {
  let replica = starting(spec);
  const pauses: number[] = [];
  for (let crash = 0; crash < 4; crash++) {
    replica = advance(replica, { kind: "ended", failure: crash_event, at_ms: 1000 });
    pauses.push(replica.retry_at_ms - 1000);
    replica = starting(spec, replica);
  }
  expect(pauses).toEqual([1000, 2000, 4000, 8000]);
  expect(replica.restarts).toBe(4);
});

test.each([
  ["ten healthy minutes", 10 * minute, 1000],
  ["nine healthy minutes", 9 * minute, 32_000],
])("a crash after %s", (_, healthy_ms, pause_ms) => {
  const before = { ...starting(spec), crashes: 5 };
  const ready = advance(before, { kind: "ready", ready_after_ms: 1, at_ms: minute, listener: 7 });
  const at_ms = minute + healthy_ms;
  const crashed = advance(ready, { kind: "ended", failure: crash_event, at_ms });
  expect(crashed.retry_at_ms - at_ms).toBe(pause_ms);
});

test("what ended has no address, and says why", () => {
  const spawned = advance(starting(spec), { kind: "spawned", pid: 7, port: 81, at_ms: 1 });
  const crashed = observe(advance(spawned, { kind: "ended", failure: crash_event, at_ms: 2 }));
  expect(crashed).toMatchObject({ state: "crashed", host: "", port: 0, pid: 0, log_tail: ["x"] });
  expect(crashed).toMatchObject({ cause: "runtime_crash", detail: "It ended." });
  const failure = { ...crash_event, cause: "config", retry: false } as const;
  const failed = advance(spawned, { kind: "ended", failure, at_ms: 2 });
  expect(observe(failed)).toMatchObject({ state: "failed", cause: "config" });
});
