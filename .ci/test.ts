/** Every check in order. The last line counts them: a static check as one, a test as one. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const programs = join(root, "node_modules/.bin");
const binary = join(root, "dist/hypervize");

interface Count {
  passed: number;
  failed: number;
}

interface Step {
  name: string;
  command: readonly [program: string, ...words: string[]];
  bound_s: number;
  /** Without it the step is one check. */
  count?(output: string): Count;
}

// bun test leaves out folders whose names begin with a dot, unless files are named.
const own = [...new Bun.Glob(".ci/**/*.test.ts").scanSync({ cwd: root, dot: true })];

const steps: readonly Step[] = [
  {
    name: "format and lint",
    command: [join(programs, "biome"), "ci", "--colors=off", "."],
    bound_s: 120,
  },
  { name: "types", command: [join(programs, "tsc")], bound_s: 180 },
  { name: "dead code", command: [join(programs, "knip")], bound_s: 120 },
  { name: "binary", command: [process.execPath, ".ci/build.ts"], bound_s: 180 },
  {
    name: "tests",
    // Twice as long as the slowest on an idle machine: a busy one is no reason to fail.
    command: [process.execPath, "test", "--timeout=30000", ".", ...own.map((file) => `./${file}`)],
    bound_s: 2400,
    count: (output) => ({ passed: counted(output, "pass"), failed: counted(output, "fail") }),
  },
];

/** The number in the line of bun's summary that ends in WORD. */
function counted(output: string, word: "pass" | "fail"): number {
  return Number(output.match(new RegExp(`^ *(\\d+) ${word}$`, "m"))?.[1] ?? 0);
}

interface Ending {
  output: string;
  /** Undefined when it was ended for taking too long. */
  code: number | null | undefined;
}

/** Output passes through as it comes. The step's whole process group ends with it. */
async function perform(step: Step): Promise<Ending> {
  const [program, ...words] = step.command;
  const child = spawn(program, words, {
    cwd: root,
    env: {
      HYPERVIZE_SIMULATION_MS: "60000",
      ...process.env,
      NO_COLOR: "1",
      HYPERVIZE_BINARY: binary,
    },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const end = () => endGroup(child.pid);
  process.once("exit", end);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      process.stdout.write(chunk);
    });
  }
  const closed = once(child, "close");
  const bound = Promise.withResolvers<[undefined]>();
  const timer = setTimeout(() => bound.resolve([undefined]), step.bound_s * 1000);
  const [code] = (await Promise.race([once(child, "exit"), bound.promise])) as [Ending["code"]];
  clearTimeout(timer);
  end();
  process.off("exit", end);
  // A process that left the group may hold the pipes: what it still says is not waited for.
  await Promise.race([closed, Bun.sleep(1000)]);
  return { output, code };
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function judge(step: Step, { output, code }: Ending): Count {
  const count = step.count?.(output) ?? { passed: code === 0 ? 1 : 0, failed: 0 };
  const good = code === 0 && count.passed > 0;
  return good || count.failed > 0 ? count : { ...count, failed: 1 };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

const total: Count = { passed: 0, failed: 0 };
const bad: string[] = [];
for (const step of steps) {
  say(`\n== ${step.name}`);
  const started = performance.now();
  const ending = await perform(step);
  const { passed, failed } = judge(step, ending);
  total.passed += passed;
  total.failed += failed;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const verdict = failed > 0 ? "FAILED" : "good";
  if (failed > 0) bad.push(step.name);
  say(
    `== ${step.name}: ${verdict}, ${seconds} s${ending.code === undefined ? ` (ended after ${step.bound_s} s)` : ""}`,
  );
}
say(bad.length > 0 ? `\nFailed: ${bad.join(", ")}.` : "");
say(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed > 0 ? 1 : 0);
