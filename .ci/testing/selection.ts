/** Which files with tests there are, and which of them somebody asked for. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const tests = "{src,agent,ui,migrations,.ci}/**/*.test.{ts,tsx}";
/** Stories of many processes, and the tools beside the product. */
const slow_places = ["src/scenarios/", ".ci/"];
const is_support = /\.testbed\.tsx?$|^src\/scenarios\//;
/** What starts a program, or waits for one that is real. */
const processes =
  /\bspawn(?:Sync)?\(|from "node:child_process"|\bstartLlama\(|HYPERVIZE_LLAMA_SERVER|\bFakeSmi\(/;
/** They start nothing, and take their time: a search through many cases, or real seconds. */
const slow_files: ReadonlySet<string> = new Set([
  "agent/doctor/doctor.test.ts",
  "agent/logs/log-follows.test.ts",
  "agent/relay/tcp-forward.test.ts",
  "agent/session/session.test.ts",
  "agent/weights/peers/peers.test.ts",
  "src/control/models/endpoints/decided.test.ts",
  "src/control/scheduler/lifecycle/simulation/scenario.test.ts",
  "src/gateway/request/body-fuzz.test.ts",
  "src/gateway/routing/endpoint.test.ts",
]);

export function allTests(root: string): string[] {
  return [...new Bun.Glob(tests).scanSync({ cwd: root, dot: true })].sort();
}

/** The tests at PATHS: files, or all below folders. Throws a sentence for one that has none. */
export function testsAt(root: string, paths: readonly string[]): string[] {
  const all = allTests(root);
  const found = paths.flatMap((path) => {
    const wanted = relative(root, resolve(path)) || ".";
    const isFolder = existsSync(resolve(path)) && statSync(resolve(path)).isDirectory();
    const chosen = isFolder
      ? all.filter((file) => wanted === "." || file.startsWith(`${wanted}/`))
      : all.filter((file) => file === wanted);
    if (chosen.length > 0) return chosen;
    throw new Error(reasonFor(path, wanted, isFolder, all));
  });
  return [...new Set(found)].sort();
}

function reasonFor(path: string, wanted: string, isFolder: boolean, all: readonly string[]) {
  if (isFolder) return `No file below ${path} has tests. Name another folder, or a *.test.ts file.`;
  const beside = wanted.replace(/\.tsx?$/, ".test.ts");
  if (all.includes(beside)) return `${path} is not a test. Its tests are in ${beside}.`;
  if (existsSync(resolve(path))) {
    return `${path} is not a test. Name a *.test.ts file, or the folder ${dirname(path)}.`;
  }
  return `There is no ${path}. Name a *.test.ts file or a folder, such as src/gateway.`;
}

/** Those that start no process, themselves or by their test beds, and are quick. */
export function fastTests(root: string): string[] {
  const known = new Map<string, boolean>();
  return allTests(root).filter(
    (file) =>
      !slow_files.has(file) &&
      !slow_places.some((place) => file.startsWith(place)) &&
      !startsProcesses(root, file, known),
  );
}

function startsProcesses(root: string, file: string, known: Map<string, boolean>): boolean {
  const before = known.get(file);
  if (before !== undefined) return before;
  // A circle of test beds adds nothing.
  known.set(file, false);
  const text = readFileSync(join(root, file), "utf8");
  const starts =
    processes.test(text) ||
    [...text.matchAll(/\bfrom "(\.[^"]+\.tsx?)"/g)]
      .map(([, path = ""]) => relative(root, join(root, dirname(file), path)))
      .some((path) => is_support.test(path) && startsProcesses(root, path, known));
  known.set(file, starts);
  return starts;
}
