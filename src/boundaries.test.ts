/** Who may import whom, type imports included, and what pure decisions may not touch. */
import { expect, test } from "bun:test";
import { dirname, join, relative } from "node:path";

const root = join(import.meta.dir, "..");

/** Each house imports itself and what stands here; the first place that holds a file is its house. */
const houses: readonly (readonly [place: string, may: readonly string[]])[] = [
  ["src/main.ts", ["src/cli", "src/app", "src/shared", "agent"]],
  ["src/cli", ["src/app", "src/control", "src/shared", "agent/contract"]],
  ["src/app", ["src/gateway", "src/control", "src/shared", "agent/contract", "ui"]],
  ["src/gateway", ["src/shared", "agent/contract"]],
  ["src/control", ["src/shared", "agent/contract", "migrations"]],
  ["src/shared", ["agent/contract"]],
  ["agent/contract", []],
  ["agent", ["agent/contract"]],
  ["ui", ["src/app/control-api.ts"]],
];

interface Import {
  from: string;
  to: string;
}

const files = [...new Bun.Glob("{src,agent,ui}/**/*.{ts,tsx}").scanSync(root)].filter(
  (file) => !/\.test\.tsx?$|\.d\.ts$|src\/scenarios\/|\.testbed\./.test(file),
);
const texts = new Map(
  await Promise.all(
    files.map(async (file) => [file, await Bun.file(join(root, file)).text()] as const),
  ),
);
const imports: readonly Import[] = files.flatMap((from) =>
  [...(texts.get(from) ?? "").matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(
    ([, path = ""]) => ({ from, to: relative(root, join(root, dirname(from), path)) }),
  ),
);

const inside = (file: string, place: string): boolean =>
  file === place || file.startsWith(`${place}/`);
const houseOf = (file: string) => houses.find(([place]) => inside(file, place));

test("imports were seen at all, so the rules below mean something", () => {
  expect(files.length).toBeGreaterThan(500);
  expect(imports.length).toBeGreaterThan(2 * files.length);
});

test("houses import only themselves and what they may", () => {
  const wrong = imports.filter(({ from, to }) => {
    if (to === "package.json") return false;
    const [own, may] = houseOf(from) ?? ["", []];
    return own === "" || ![own, ...may].some((place) => inside(to, place));
  });
  expect(wrong).toEqual([]);
});

/** Rooms of the scheduler, from the ground up: each uses those before it. */
const scheduler = ["sizing", "placement", "startup-profile", "lifecycle"].map(
  (room) => `src/control/scheduler/${room}`,
);

test("the scheduler's rooms use those below them only: a dry run asks nothing of the lifecycle", () => {
  const storey = (file: string) => scheduler.findIndex((room) => inside(file, room));
  const inner = imports.filter(({ from, to }) => storey(from) >= 0 && storey(to) >= 0);
  expect(inner.filter(({ from, to }) => storey(from) !== storey(to)).length).toBeGreaterThan(20);
  expect(inner.filter(({ from, to }) => storey(from) < storey(to))).toEqual([]);
});

test("no file is in a circle, type imports included", () => {
  const graph = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) throw new Error(`circle: ${[...path, file].join(" -> ")}`);
    if (done.has(file)) return;
    for (const { to } of graph.get(file) ?? []) walk(to, [...path, file]);
    done.add(file);
  };
  for (const file of files) walk(file, []);
});

/** What a file that calls itself pure does not touch: clock, chance, environment, files, network. */
const impure =
  /Date\.now|new Date\(\)|performance\.|Math\.random|process\.(?:env|hrtime|pid)|Bun\.(?!hash|escapeHTML|XML|deepEquals)|\bfetch\(|"node:(?!path|crypto)/;
/** Effects of a pure file's kind that stand in another word of it. */
const sizing_readers = /\/(?:local-files|hub-request|s3-request)\.ts$/;

test("only the config reads the environment, and a file whose head says `Pure.` is pure", () => {
  const wrong: string[] = [];
  let pure = 0;
  for (const [file, text] of texts) {
    if (
      /(?<!")process\.env\b|Bun\.env\b/.test(text) &&
      !/^src\/app\/config\.ts$|^agent\//.test(file)
    )
      wrong.push(file);
    const head = /^\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? "";
    const isSizing = inside(file, "src/control/scheduler/sizing") && !sizing_readers.test(file);
    if (!/\bPure[.:;]/.test(head) && !isSizing) continue;
    pure++;
    if (impure.test(text.slice(head.length))) wrong.push(file);
  }
  expect(pure).toBeGreaterThan(120);
  expect(wrong).toEqual([]);
});
