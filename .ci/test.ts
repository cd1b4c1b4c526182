/**
 * Every check in order. The last line counts them: a static check as one, a test as one. What is skipped is counted and
 * named above it. Usage: npm test [-- PATH…], npm run test:fast.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Offspring } from "./testing/offspring.ts";
import { allTests, fastTests, testsAt } from "./testing/selection.ts";
import { type Skip, skipLines, skipsIn, unknownAmong } from "./testing/skips.ts";

const root = join(import.meta.dir, "..");
const programs = join(root, "node_modules/.bin");
const binary = join(root, "dist/hypervize");

const usage = `usage: npm test [-- PATH…]     all checks and tests, or only the tests of these files and folders
       npm run test:fast       the tests that start no process
The last line is "N passed, N failed". Where CI is set, a test that is skipped for an unknown reason has failed.`;

interface Count {
  passed: number;
  failed: number;
  skips: Skip[];
}

interface Step {
  name: string;
  command: readonly [program: string, ...words: string[]];
  bound_s: number;
  /** Without it the step is one check. */
  count?(output: string): Count;
}

const folder = mkdtempSync(join(tmpdir(), "hypervize-test-"));
const report = join(folder, "junit.xml");
const offspring = new Offspring();

const binaryStep: Step = {
  name: "binary",
  command: [process.execPath, ".ci/build.ts"],
  bound_s: 180,
};

const checks: readonly Step[] = [
  {
    name: "format and lint",
    command: [join(programs, "biome"), "ci", "--colors=off", "."],
    bound_s: 120,
  },
  { name: "types", command: [join(programs, "tsc")], bound_s: 180 },
  { name: "dead code", command: [join(programs, "knip")], bound_s: 120 },
  binaryStep,
];

/** bun test leaves out folders whose names begin with a dot, unless files are named; so all are. */
const testsOf = (files: readonly string[], ...how: readonly string[]): Step => ({
  name: "tests",
  command: [
    process.execPath,
    ...["test", "--reporter=junit", `--reporter-outfile=${report}`],
    // Twice as long as the slowest on an idle machine: a busy one is no reason to fail.
    "--timeout=30000",
    ...how,
    ...files.map((file) => `./${file}`),
  ],
  bound_s: 2400,
  count: (output) => ({
    passed: counted(output, "pass"),
    failed: counted(output, "fail"),
    skips: skipsIn(textOf(report)),
  }),
});

function stepsFor(words: readonly string[]): readonly Step[] {
  const { values, positionals } = parseArgs({
    args: [...words],
    options: { fast: { type: "boolean" }, help: { type: "boolean" } },
    allowPositionals: true,
  });
  if (values.help) return [];
  if (values.fast) return [testsOf(fastTests(root), "--parallel", "--no-isolate")];
  if (positionals.length === 0) return [...checks, testsOf(allTests(root))];
  const files = testsAt(root, positionals);
  // Stories run the program as people have it.
  const isStory = files.some((file) => file.startsWith("src/scenarios/"));
  return [...(isStory ? [binaryStep] : []), testsOf(files)];
}

/** The number in the line of bun's summary that ends in WORD. */
function counted(output: string, word: "pass" | "fail"): number {
  return Number(output.match(new RegExp(`^ *(\\d+) ${word}$`, "m"))?.[1] ?? 0);
}

/** Empty where bun has not come so far as to write it. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

interface Ending {
  output: string;
  /** Undefined when it was ended for taking too long. */
  code: number | null | undefined;
}

/** Output passes through as it comes. All processes of the step end with it. */
async function perform(step: Step, isBuilt: boolean): Promise<Ending> {
  const [program, ...words] = step.command;
  const child = spawn(program, words, {
    cwd: root,
    env: {
      HYPERVIZE_SIMULATION_MS: "60000",
      ...process.env,
      NO_COLOR: "1",
      ...(isBuilt && { HYPERVIZE_BINARY: binary }),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  offspring.adopt(child.pid);
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
  await offspring.end();
  // A process that left us may hold the pipes: what it still says is not waited for.
  await Promise.race([closed, Bun.sleep(1000)]);
  return { output, code };
}

function judge(step: Step, { output, code }: Ending): Count {
  const count = step.count?.(output) ?? { passed: code === 0 ? 1 : 0, failed: 0, skips: [] };
  const unknown = process.env["CI"] ? unknownAmong(count.skips).length : 0;
  const good = code === 0 && count.passed + count.skips.length > 0;
  const failed = good || count.failed > 0 ? count.failed : 1;
  return { ...count, failed: failed + unknown };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What it has started goes first: a second signal does not hurry it. */
let isEnding = false;
async function leave(code: number): Promise<never> {
  isEnding = true;
  await offspring.end();
  rmSync(folder, { recursive: true, force: true });
  process.exit(code);
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (!isEnding) void leave(130);
  });
}

let steps: readonly Step[] = [];
try {
  steps = stepsFor(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n${usage}\n`);
  await leave(2);
}
if (steps.length === 0) {
  say(usage);
  await leave(0);
}

const total: Count = { passed: 0, failed: 0, skips: [] };
const bad: string[] = [];
let isBuilt = false;
for (const step of steps) {
  say(`\n== ${step.name}`);
  const started = performance.now();
  const ending = await perform(step, isBuilt);
  if (isEnding) await new Promise(() => undefined);
  const { passed, failed, skips } = judge(step, ending);
  isBuilt ||= step === binaryStep && failed === 0;
  total.passed += passed;
  total.failed += failed;
  total.skips.push(...skips);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const verdict = failed > 0 ? "FAILED" : "good";
  if (failed > 0) bad.push(step.name);
  say(
    `== ${step.name}: ${verdict}, ${seconds} s${ending.code === undefined ? ` (ended after ${step.bound_s} s)` : ""}`,
  );
}
say(bad.length > 0 ? `\nFailed: ${bad.join(", ")}.` : "");
for (const line of skipLines(total.skips)) say(line);
say(`${total.passed} passed, ${total.failed} failed`);
await leave(total.failed > 0 ? 1 : 0);
