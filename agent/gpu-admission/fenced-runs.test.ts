import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { identify, isAlive, readStat } from "../contract/process-identity.ts";
import { eventually, FencedRuns, gib_bytes, pidsIn } from "./fenced-runs.testbed.ts";

setDefaultTimeout(30_000);

let runs: FencedRuns;
beforeEach(() => {
  runs = new FencedRuns();
});
afterEach(() => runs.end());

/** Claims so many GiB on its first GPU, then serves. */
const holding = (gib: number) => `echo "$$ ${gib * gib_bytes}" >> $LEDGER; exec sleep 60`;
const silent = { ready: () => false };

test("on one GPU the second start is not made before the first has loaded; on another it is", async () => {
  let loaded = false;
  const ready = () => loaded;
  const first = runs.run({ id: "a", devices: ["GPU-0"], script: holding(10), ready });
  const second = runs.run({ id: "b", devices: ["GPU-0"], script: holding(10) });
  const other = runs.run({ id: "c", devices: ["GPU-1"], script: holding(10) });
  await first.until("spawned");
  await other.until("ready");
  expect(second.events).toEqual([]);
  loaded = true;
  await second.until("ready");
  for (const run of [first, second, other]) run.order("now");
  expect(await Promise.all([first.end, second.end, other.end])).toEqual(["done", "done", "done"]);
});

test("a start that fails gives its turn away, and one that waits can be called off", async () => {
  const broken = runs.run({ id: "a", devices: ["GPU-0"], script: "exit 4", ...silent });
  const unwanted = runs.run({ id: "b", devices: ["GPU-0"], script: holding(10) });
  unwanted.order("drain");
  const next = runs.run({ id: "c", devices: ["GPU-0"], script: holding(10) });
  expect(await broken.end).toMatchObject({ message: "exit 4" });
  expect(await unwanted.end).toBe("done");
  await next.until("ready");
  expect(unwanted.events).toEqual([]);
  next.order("now");
  await next.end;
});

test("on processors nobody waits for a turn", async () => {
  const loading = runs.run({ id: "a", devices: ["cpu"], script: "sleep 60", ...silent });
  const second = runs.run({ id: "b", devices: ["cpu"], script: "sleep 60" });
  await second.until("ready");
  for (const run of [loading, second]) run.order("now");
  await Promise.all([loading.end, second.end]);
});

test("beside a stranger that leaves too little room it is refused at once, and the stranger lives", async () => {
  const stranger = Bun.spawn(["sleep", "60"]);
  try {
    runs.gpus.claim("GPU-0", stranger.pid, 75 * gib_bytes);
    const large = { weights_bytes: 10 * gib_bytes, script: holding(10) };
    expect(await runs.run({ id: "a", devices: ["GPU-0"], ...large }).end).toMatchObject({
      failure_class: "no_capacity",
      retry: true,
      message: expect.stringMatching(
        new RegExp(`^GPU-0 has 5.0 GiB free .* process ${stranger.pid} \\([^)]+\\) holds 75.0 GiB`),
      ),
    });
    expect(stranger.exitCode).toBeNull();
    const small = runs.run({ id: "b", devices: ["GPU-0"], script: holding(1) });
    await small.until("ready");
    small.order("now");
    await small.end;
  } finally {
    stranger.kill();
    await stranger.exited;
  }
});

test("a worker that left the session and ignores TERM is ended with its runtime, and its memory is free", async () => {
  const worker = `trap "" TERM; echo "$$ ${70 * gib_bytes}" >> $LEDGER; while :; do sleep 0.05; done`;
  const script = `export LEDGER; setsid sh -c '${worker}' & exec sleep 60`;
  const run = runs.run({ id: "a", devices: ["GPU-0"], script });
  const ledger = runs.gpus.ledger("GPU-0");
  await eventually("the worker has memory", async () => (await pidsIn(ledger)).length === 1);
  const [pid = 0] = await pidsIn(ledger);
  const identity = identify(pid);
  run.order("now");
  expect(await run.end).toBe("done");
  expect(identity && isAlive(identity)).toBe(false);
  expect(runs.fenced.lines.join()).toMatch(
    new RegExp(`${pid}.* were left behind by a runtime of ours`),
  );
  const next = runs.run({
    id: "b",
    devices: ["GPU-0"],
    weights_bytes: 79 * gib_bytes,
    script: "sleep 60",
  });
  await next.until("ready");
  next.order("now");
  await next.end;
});

test("memory that nobody gives back is waited for, then the next start says what is left, until it is free", async () => {
  const run = runs.run({ id: "a", devices: ["GPU-0"], script: holding(60) });
  await run.until("ready");
  runs.gpus.claim("GPU-0", 0, 30 * gib_bytes);
  run.order("now");
  expect(await run.end).toBe("done");
  expect(runs.fenced.lines).toContain(
    "a has ended, but GPU-0 holds 30.0 GiB that belong to no process",
  );
  const large = { id: "b", devices: ["GPU-0"], weights_bytes: 60 * gib_bytes, script: holding(60) };
  expect(await runs.run(large).end).toMatchObject({
    failure_class: "no_capacity",
    message: expect.stringContaining("GPU-0 holds 30.0 GiB that belong to no process"),
    retry: true,
  });
  runs.gpus.release("GPU-0");
  const again = runs.run(large);
  await again.until("ready");
  again.order("now");
  await again.end;
});

test("what an earlier epoch left on a GPU is ended before a start, also when its handle is gone", async () => {
  const lost = runs.run({ id: "a", devices: ["GPU-0"], script: holding(70) });
  await lost.until("ready");
  const [pid = 0] = await pidsIn(runs.gpus.ledger("GPU-0"));
  const identity = identify(pid);
  lost.order("leave");
  await lost.end;
  rmSync(join(runs.home, "replicas", "a.json"));
  runs.restart();
  const script = holding(70);
  const next = runs.run({ id: "b", devices: ["GPU-0"], weights_bytes: 70 * gib_bytes, script });
  await next.until("ready");
  expect(identity && isAlive(identity)).toBe(false);
  next.order("now");
  await next.end;
});

test("a process with the mark of an epoch that was never started here is a stranger", async () => {
  const env = { ...process.env, HYPERVIZE_REPLICA: "rep_elsewhere:1" };
  const stranger = Bun.spawn(["sleep", "60"], { env });
  try {
    runs.gpus.claim("GPU-0", stranger.pid, 75 * gib_bytes);
    const run = runs.run({
      id: "a",
      devices: ["GPU-0"],
      weights_bytes: 10 * gib_bytes,
      script: "exit",
    });
    expect(await run.end).toMatchObject({ failure_class: "no_capacity" });
    expect(stranger.exitCode).toBeNull();
  } finally {
    stranger.kill();
    await stranger.exited;
  }
});

test("a start that an earlier agent made has the turn until it has loaded", async () => {
  const early = runs.run({ id: "a", devices: ["GPU-0"], script: holding(10), ...silent });
  await early.until("spawned");
  early.order("leave");
  await early.end;
  runs.restart();
  const { handles } = await runs.handles.readAll();
  const [handle] = handles;
  if (!handle) throw new Error("no handle was left");
  let loaded = false;
  const ready = () => loaded;
  const adopted = runs.run({ id: "a", devices: ["GPU-0"], script: "", ready, adopted: handle });
  const second = runs.run({ id: "b", devices: ["GPU-0"], script: holding(10) });
  const other = runs.run({ id: "c", devices: ["GPU-1"], script: holding(10) });
  await other.until("ready");
  expect(second.events).toEqual([]);
  loaded = true;
  await second.until("ready");
  for (const run of [adopted, second, other]) run.order("now");
  await Promise.all([adopted.end, second.end, other.end]);
});

test("while the driver hangs nothing is started on a GPU", async () => {
  runs.gpus.hang();
  expect(await runs.run({ id: "a", devices: ["GPU-0"], script: "exit" }).end).toMatchObject({
    failure_class: "driver",
    retry: true,
  });
});

test("what it holds is measured while it serves, and a peak stays", async () => {
  const script = `echo "$$ ${10 * gib_bytes}" >> $LEDGER; exec sleep 60`;
  const run = runs.run({ id: "a", devices: ["GPU-0"], script });
  const peak = () => run.events.findLast((event) => event.kind === "measured");
  await eventually("10 GiB are seen", () => peak()?.peak.gpu_memory_bytes === 10 * gib_bytes);
  const [pid = 0] = await pidsIn(runs.gpus.ledger("GPU-0"));
  expect(peak()?.peak.memory_bytes).toBeGreaterThan(0);
  runs.gpus.claim("GPU-1", pid, 12 * gib_bytes);
  await eventually("12 GiB on the other", () => peak()?.peak.gpu_memory_bytes === 12 * gib_bytes);
  runs.gpus.release("GPU-1");
  run.order("now");
  await run.end;
  expect(peak()?.peak.gpu_memory_bytes).toBe(12 * gib_bytes);
});

/** Whether the process of RUN answers: a stopped one does not. */
async function stoppable(silent_ms: number) {
  let pid = 0;
  const ready = () => readStat(pid)?.state !== "T";
  const run = runs.run({ id: "a", devices: ["GPU-0"], script: holding(10), ready, silent_ms });
  await run.until("ready");
  for (const event of run.events) if (event.kind === "spawned") pid = event.pid;
  process.kill(pid, "SIGSTOP");
  return { run, identity: identify(pid) };
}

test("a runtime that was stopped in the middle (SIGSTOP) is ended and asks for another", async () => {
  const { run, identity } = await stoppable(300);
  expect(await run.end).toMatchObject({
    failure_class: "timeout",
    retry: true,
    message: expect.stringContaining("answered nothing and did nothing"),
  });
  expect(identity && isAlive(identity)).toBe(false);
});

test("one that goes on in time is left alone", async () => {
  const { run, identity } = await stoppable(60_000);
  process.kill(identity?.pid ?? 0, "SIGCONT");
  expect(identity && isAlive(identity)).toBe(true);
  run.order("now");
  expect(await run.end).toBe("done");
});
