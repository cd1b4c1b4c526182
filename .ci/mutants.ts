/**
 * Is what the core decides held by its tests? Makes one change each to a file of decisions, in a copy of the checkout,
 * and runs the tests of its folder and those that import it. A change that no test notices has survived: it is a hole in
 * the tests, or it changes nothing; the latter stand in mutants/equivalents.ts, with the reason.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { dice } from "../src/shared/http1/seeded.testbed.ts";
import { equivalents } from "./mutants/equivalents.ts";
import { type Mutant, mutantsOf } from "./mutants/mutate.ts";
import { targets, testsFor } from "./mutants/targets.ts";
import { Offspring } from "./testing/offspring.ts";

const root = join(import.meta.dir, "..");
const usage = `usage: npm run mutants [-- options]
  --file F     only mutants of this file; again for more
  --sample N   so many of them (default: 100; of named files all)
  --seed S     which ones (default 1)
  --list       says which, and runs nothing
Ends with 1 where a mutant survives that mutants/equivalents.ts does not explain.`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function options() {
  try {
    const { values } = parseArgs({
      options: {
        file: { type: "string", multiple: true, default: [] },
        sample: { type: "string" },
        seed: { type: "string", default: "1" },
        list: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
    const sample = values.sample ?? (values.file.length > 0 ? "1000000" : "100");
    for (const [name, value] of Object.entries({ sample, seed: values.seed })) {
      if (!/^[1-9]\d*$/.test(value)) throw new Error(`--${name} must be a number from 1 on.`);
    }
    for (const file of values.file) {
      if (!existsSync(join(root, file))) throw new Error(`There is no ${file} in this checkout.`);
    }
    if (!values.help) return { ...values, sample: Number(sample), seed: Number(values.seed) };
    say(usage);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${usage}\n`);
    process.exit(2);
  }
}

const asked = options();
const files = asked.file.length > 0 ? asked.file : targets(root);
const chosen = sampled(files.flatMap((file) => mutantsOf(file, read(file))));
const shown = ({ file, line, change, before }: Mutant): string =>
  `${file}:${line}  ${change}:  ${before}`;

function read(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

/** In the order of the files, so that a file's tests are read once. */
function sampled(all: Mutant[]): Mutant[] {
  const { below } = dice(asked.seed);
  const left = [...all];
  while (left.length > asked.sample) left.splice(below(left.length), 1);
  return left;
}

if (asked.list) {
  for (const mutant of chosen) say(shown(mutant));
  process.exit(0);
}

const offspring = new Offspring();
const copy = mkdtempSync(join(tmpdir(), "hypervize-mutants-"));

async function leave(code: number): Promise<never> {
  await offspring.end();
  rmSync(copy, { recursive: true, force: true });
  process.exit(code);
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => void leave(130));
}

for (const name of ["src", "agent", "ui", "migrations", ".ci", "package.json", "tsconfig.json"]) {
  cpSync(join(root, name), join(copy, name), { recursive: true });
}
for (const name of ["node_modules", ".tools"]) {
  if (existsSync(join(root, name))) symlinkSync(join(root, name), join(copy, name));
}

/** Whether WORDS end well in the copy, within so long. */
async function passes(words: readonly string[], bound_ms: number): Promise<boolean> {
  const [program = "", ...rest] = words;
  const child = spawn(program, rest, { cwd: copy, stdio: "ignore" });
  offspring.adopt(child.pid);
  const timer = setTimeout(() => child.kill("SIGKILL"), bound_ms);
  const [code] = (await once(child, "exit")) as [number | null];
  clearTimeout(timer);
  await offspring.end();
  return code === 0;
}

const compiles = (): Promise<boolean> =>
  passes([join(root, "node_modules/.bin/tsc"), "-p", "."], 300_000);

const testing = (tests: readonly string[]): string[] => [
  ...[process.execPath, "test", "--bail", "--timeout=20000"],
  ...tests.map((test) => `./${test}`),
];

interface Tests {
  files: readonly string[];
  bound_ms: number;
}

const known = new Map<string, Tests>();

/** Throws where they fail on the code as it is. */
async function testsOf(file: string): Promise<Tests> {
  const before = known.get(file);
  if (before) return before;
  const found = testsFor(root, file);
  const since = performance.now();
  if (found.length > 0 && !(await passes(testing(found), 300_000))) {
    throw new Error(`The tests of ${file} fail without any mutant: ${found.join(" ")}`);
  }
  const tests = { files: found, bound_ms: 20_000 + 5 * (performance.now() - since) };
  known.set(file, tests);
  return tests;
}

type Fate = "killed" | "refused" | "equivalent" | "survived";

async function fateOf(mutant: Mutant): Promise<Fate> {
  const tests = await testsOf(mutant.file);
  const text = read(mutant.file);
  const place = join(copy, mutant.file);
  writeFileSync(place, text.slice(0, mutant.from) + mutant.text + text.slice(mutant.to));
  try {
    if (tests.files.length > 0 && !(await passes(testing(tests.files), tests.bound_ms)))
      return "killed";
    if (isExplained(mutant)) return "equivalent";
    // What does not compile is no hole in the tests. It takes long, so it is asked last.
    return (await compiles()) ? "survived" : "refused";
  } finally {
    writeFileSync(place, text);
  }
}

const isExplained = ({ file, before, change }: Mutant): boolean =>
  equivalents.some((one) => one.file === file && one.before === before && one.change === change);

const counts: Record<Fate, number> = { killed: 0, refused: 0, equivalent: 0, survived: 0 };
const started = performance.now();
try {
  // Or every survivor would be taken for one that tsc refuses.
  if (!(await compiles()))
    throw new Error("The checkout does not compile without any mutant: run tsc.");
  for (const mutant of chosen) {
    const fate = await fateOf(mutant);
    counts[fate] += 1;
    if (fate !== "killed") say(`${fate}  ${shown(mutant)}`);
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  await leave(1);
}
const { killed, refused, equivalent, survived } = counts;
const score = ((100 * killed) / Math.max(1, killed + survived)).toFixed(1);
const minutes = ((performance.now() - started) / 60_000).toFixed(1);
say(
  `${chosen.length} mutants: ${killed} killed, ${survived} survived, ${equivalent} explained, ${refused} refused by tsc; ${score} % in ${minutes} min`,
);
await leave(survived > 0 ? 1 : 0);
