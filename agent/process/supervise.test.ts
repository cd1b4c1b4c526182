import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  identify,
  isAlive,
  livingGroup,
  type ProcessIdentity,
  readStat,
} from "../contract/process-identity.ts";
import { logTail } from "./log.ts";
import { stopGroup } from "./stop.ts";
import { type Program, supervise, watchAdopted } from "./supervise.ts";

let folder = "";
const started: ProcessIdentity[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hypervize-supervise-"));
});
afterEach(async () => {
  for (const identity of started.splice(0)) {
    await stopGroup(identity, { grace_ms: 0, kill_ms: 5000 });
  }
  rmSync(folder, { recursive: true });
});

function program(script: string): Program {
  return {
    command: ["/bin/sh", "-c", script],
    env: { PATH: process.env["PATH"] ?? "", MARK: "from the plan" },
    log_path: join(folder, "logs", "rep.log"),
  };
}

async function run(script: string) {
  const supervised = await supervise(program(script), async (identity) => {
    started.push(identity);
  });
  return supervised;
}

/** Resolves when the log holds TEXT: the process has come so far. */
async function logged(text: string): Promise<void> {
  while (!logTail(join(folder, "logs", "rep.log")).includes(text)) await Bun.sleep(2);
}

test("a program leads its own session and group, and writes both outputs to its log", async () => {
  const { identity, exited } = await run('echo "$MARK"; echo oops >&2; read x; exit 3');
  expect(await exited).toEqual({ code: 3, signal: undefined });
  expect(logTail(join(folder, "logs", "rep.log"))).toEqual(["from the plan", "oops"]);
  const other = await run("echo up; sleep 60");
  await logged("up");
  const stat = readStat(other.identity.pid);
  expect(stat?.group).toBe(other.identity.pid);
  expect(stat?.session).toBe(other.identity.pid);
  expect(isAlive(identity)).toBe(false);
});

test("the program does not run before its identity is recorded, and is the recorded process", async () => {
  const marker = join(folder, "ran");
  let ranEarly = true;
  const { identity, exited } = await supervise(program(`echo $$ > ${marker}`), async (early) => {
    started.push(early);
    // Another program that begins later has time to finish.
    await Bun.spawn(["/bin/sh", "-c", `echo > ${marker}.later`]).exited;
    ranEarly = await Bun.file(marker).exists();
  });
  await exited;
  expect(ranEarly).toBe(false);
  expect(Number(readFileSync(marker, "utf8"))).toBe(identity.pid);
});

test("when its identity cannot be recorded the program never runs", async () => {
  const marker = join(folder, "ran");
  const failing = supervise(program(`touch ${marker}`), async (identity) => {
    started.push(identity);
    throw new Error("disk full");
  });
  await expect(failing).rejects.toThrow("disk full");
  expect(started.map(isAlive)).toEqual([false]);
  expect(await Bun.file(marker).exists()).toBe(false);
});

test("an agent that is killed between spawn and record leaves no process behind", async () => {
  const script = join(folder, "agent.ts");
  writeFileSync(
    script,
    `import { supervise } from ${JSON.stringify(join(import.meta.dir, "supervise.ts"))};
     await supervise(${JSON.stringify(program("sleep 60"))}, async ({ pid }) => {
       console.log(pid);
       await new Promise(() => setInterval(() => {}, 1000));
     });`,
  );
  const agent = Bun.spawn([process.execPath, script], { stdout: "pipe" });
  const { value } = await agent.stdout.getReader().read();
  const gate = identify(Number(new TextDecoder().decode(value)));
  if (gate === undefined) throw new Error("the gate is not there");
  started.push(gate);
  agent.kill("SIGKILL");
  await agent.exited;
  const patience = AbortSignal.timeout(5000);
  await watchAdopted(gate, 5, patience);
  expect(isAlive(gate)).toBe(false);
});

test("a killed program is seen with its signal, and by /proc when it is not our child", async () => {
  const { identity, exited } = await run("sleep 60");
  const adopted = watchAdopted(identity, 5, new AbortController().signal);
  process.kill(identity.pid, "SIGKILL");
  expect(await exited).toEqual({ code: undefined, signal: "SIGKILL" });
  expect(await adopted).toEqual({ code: undefined, signal: undefined });
});

test("TERM reaches the whole group, also children that ignore their parent's end", async () => {
  const { identity } = await run("sleep 60 & sleep 60 & echo up; wait");
  await logged("up");
  expect(livingGroup(identity)).toHaveLength(3);
  expect(await stopGroup(identity, { grace_ms: 5000, kill_ms: 5000 })).toBe("terminated");
  expect(livingGroup(identity)).toEqual([]);
});

test("a group that ignores TERM is killed when its grace is over", async () => {
  const { identity } = await run("trap '' TERM; echo up; while :; do sleep 1; done");
  await logged("up");
  expect(await stopGroup(identity, { grace_ms: 50, kill_ms: 5000 })).toBe("killed");
  expect(livingGroup(identity)).toEqual([]);
});

test("helpers of a leader that died are found and ended", async () => {
  const { identity, exited } = await run("sleep 60 & echo up; exit 1");
  await exited;
  expect(livingGroup(identity)).toHaveLength(1);
  await stopGroup(identity, { grace_ms: 5000, kill_ms: 5000 });
  expect(livingGroup(identity)).toEqual([]);
});

test("stopping what has gone already says so", async () => {
  const { identity, exited } = await run("exit 0");
  await exited;
  expect(await stopGroup(identity, { grace_ms: 50, kill_ms: 50 })).toBe("gone");
});

test("a program that does not exist ends with 127 and says so in its log", async () => {
  const missing = { ...program(""), command: [join(folder, "no-such-program")] };
  const { exited } = await supervise(missing, async (identity) => {
    started.push(identity);
  });
  expect(await exited).toEqual({ code: 127, signal: undefined });
  expect(logTail(missing.log_path).join()).toContain("not found");
});
