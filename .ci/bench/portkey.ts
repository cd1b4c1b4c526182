/** Another gateway that runs JavaScript, on the same work. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, freePort, type Testbed } from "../../src/scenarios/appliance.testbed.ts";
import type { Bed } from "./bed.ts";
import type { Target } from "./load.ts";
import { ms, type Report } from "./report.ts";
import { median, rounded, rounds } from "./rounds.ts";

const version = "1.15.2";
const folder = join(import.meta.dir, "../../.tools/portkey");
const program = join(folder, "node_modules/@portkey-ai/gateway/build/start-server.js");
const connections = 64;

export async function portkey(bed: Bed, isShort: boolean): Promise<Report> {
  const { ours, direct, testbed } = bed;
  const theirs: Target = {
    name: "portkey",
    port: await start(testbed),
    model: direct.model,
    key: "bench",
    headers: [
      "x-portkey-provider: openai",
      `x-portkey-custom-host: http://127.0.0.1:${direct.port}/v1`,
    ],
    pid: null,
  };
  const seconds = isShort ? 3 : 6;
  const results = await rounds(3, [ours, theirs], (target) =>
    bed.load(target, { mode: "closed", connections, seconds }),
  );
  const runs = ({ name }: Target) => results.get(name) ?? [];
  const rate = (target: Target) => median(runs(target).map((run) => run.rate));
  const p99 = (target: Target) => ms(median(runs(target).map(({ latency_us }) => latency_us.p99)));
  const ratio = rate(ours) / rate(theirs);
  return {
    rows: [
      {
        what: `whole answers, ${connections} connections`,
        ours: `${Math.round(rate(ours))}/s`,
        verdict: `${ratio.toFixed(1)} x Portkey's`,
        goal: ">= 50",
      },
      { what: `  Portkey ${version}`, ours: `${Math.round(rate(theirs))}/s` },
      { what: "  p99, ours and Portkey's", ours: `${p99(ours)}, ${p99(theirs)}` },
    ],
    fields: { nonstream_vs_portkey: rounded(ratio, 1) },
  };
}

/** Under Node.js where it is installed, as its documentation has it. */
async function start(testbed: Testbed): Promise<number> {
  if (!existsSync(program)) install();
  const port = await freePort();
  const runtime = Bun.which("node") ?? process.execPath;
  const child = spawn(runtime, [program, `--port=${port}`, "--headless"], {
    env: { ...process.env, NODE_ENV: "production" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said = `${said}${chunk}`.slice(-1000);
  });
  testbed.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  await eventually("Portkey answers", async () => {
    if (child.exitCode !== null) return true;
    return (await fetch(`http://127.0.0.1:${port}/`)).ok;
  });
  if (child.exitCode !== null) throw new Error(`Portkey did not start: ${said}`);
  return port;
}

function install(): void {
  mkdirSync(folder, { recursive: true });
  const dependencies = { "@portkey-ai/gateway": version };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies }));
  const words = [process.execPath, "install", "--ignore-scripts", "--no-summary"];
  const done = Bun.spawnSync(words, { cwd: folder, timeout: 180_000 });
  if (done.exitCode === 0 && existsSync(program)) return;
  const why = done.stderr.toString().trim().split("\n").at(-1) ?? "";
  throw new Error(
    `@portkey-ai/gateway ${version} could not be had from the npm registry. Try again where there is one. ${why}`,
  );
}
