import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "../contract/process-identity.ts";
import { stopGroup } from "../process/stop.ts";
import { supervise } from "../process/supervise.ts";
import { lifeIn, markOf } from "./mark.ts";
import { descendantsOf, endAll, processTreeOf } from "./process-tree.ts";

const spec = { id: "rep_a", epoch: 3 };
const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const ending of endings.splice(0).reverse()) await ending();
});

/** A runtime that runs SCRIPT; `orphans` are what left its group. */
async function runtime(script: string, env: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), "hypervize-family-"));
  const { identity } = await supervise(
    {
      command: ["/bin/sh", "-c", script],
      env: { PATH: process.env["PATH"] ?? "", ...env },
      log_path: join(folder, "log"),
    },
    async () => undefined,
  );
  const known = { process: identity, spec };
  endings.push(async () => {
    const family = await processTreeOf(known);
    await stopGroup(identity, { grace_ms: 0, kill_ms: 5000 });
    await endAll(family, { grace_ms: 0, kill_ms: 5000 });
    rmSync(folder, { recursive: true });
  });
  return known;
}

async function until<T>(look: () => Promise<T[]>, length: number): Promise<T[]> {
  for (const patience = AbortSignal.timeout(10_000); ; await Bun.sleep(10)) {
    const found = await look();
    if (found.length === length) return found;
    patience.throwIfAborted();
  }
}

test("a child that left group and session is found by the mark that it inherited", async () => {
  const known = await runtime("setsid sleep 60 & sleep 61", markOf(spec));
  // Until setsid has run, it is as near as the other.
  const orphans = async () => {
    const near = descendantsOf(known).map(({ pid }) => pid);
    return (await processTreeOf(known)).filter(({ pid }) => !near.includes(pid));
  };
  const [orphan] = await until(orphans, 1);
  await stopGroup(known.process, { grace_ms: 0, kill_ms: 5000 });
  expect((await processTreeOf(known)).map(({ pid }) => pid)).toEqual([orphan?.pid ?? 0]);
});

test("another epoch, another replica and a process that is older are no family", async () => {
  const older = await runtime("sleep 60", markOf(spec));
  const known = await runtime("sleep 61", markOf(spec));
  const other = await runtime("sleep 62", markOf({ id: "rep_a", epoch: 4 }));
  const unmarked = await runtime("sleep 63", {});
  const pids = (await processTreeOf(known)).map(({ pid }) => pid);
  expect(pids).toContain(known.process.pid);
  expect(pids).not.toContain(other.process.pid);
  expect(pids).not.toContain(unmarked.process.pid);
  // Processes of one clock tick cannot be told apart by age.
  if (older.process.start_ticks < known.process.start_ticks) {
    expect(pids).not.toContain(older.process.pid);
  }
});

test("a runtime of another boot has no family", async () => {
  const known = await runtime("sleep 60", markOf(spec));
  const rebooted = { ...known, process: { ...known.process, boot_id: "another" } };
  expect(await processTreeOf(rebooted)).toEqual([]);
});

test("what ignores TERM is killed, and who has the pid of one that ended is not touched", async () => {
  // Its child is seen only when TERM is ignored already.
  const known = await runtime('trap "" TERM; sleep 60; sleep 61', markOf(spec));
  const { process } = known;
  await until(() => processTreeOf(known), 2);
  const stranger = { ...process, start_ticks: process.start_ticks - 1 };
  expect(await endAll([stranger], { grace_ms: 50, kill_ms: 50 })).toEqual([]);
  expect(isAlive(process)).toBe(true);
  expect(await endAll([process], { grace_ms: 100, kill_ms: 5000 })).toEqual([]);
  expect(isAlive(process)).toBe(false);
});

test.each([
  ["A=1\0HYPERVIZE_REPLICA=rep_a:3\0", { id: "rep_a", epoch: 3 }],
  ["HYPERVIZE_REPLICA=rep_a\0", undefined],
  ["X_HYPERVIZE_REPLICA=rep_a:3\0", undefined],
  ["HYPERVIZE_REPLICA=../x:3\0", undefined],
  ["HYPERVIZE_REPLICA=rep_a:3:4\0", undefined],
  ["", undefined],
])("the environment %j names %j", (environ, life) => {
  expect(lifeIn(environ)).toEqual(life);
});
