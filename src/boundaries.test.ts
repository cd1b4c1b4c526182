/**
 * Who may import whom, as a machine rule. Type-only imports do not count: they vanish in the build
 * (Bun.Transpiler.scanImports skips them), and that makes "ui may import types of http.ts" exact.
 */
import { expect, test } from "bun:test";
import { dirname, join, relative } from "node:path";

const root = join(import.meta.dir, "..");

/** Lower may not import higher. Folders and files of one layer may not import each other, but for tables. */
const layers: readonly (readonly string[])[] = [
  ["src/main.ts"],
  ["src/cli"],
  ["src/compose.ts"],
  ["src/compose"],
  ["src/callers.ts", "src/first-login.ts", "src/listen.ts"],
  ["src/http.ts", "src/dashboard.ts"],
  ["src/gateway"],
  ["src/routing", "src/lifecycle"],
  [
    ...["src/fleet", "src/keys", "src/users", "src/teams", "src/catalog", "src/endpoints"],
    ...["src/aliases", "src/providers", "src/prices", "src/usage", "src/metering", "src/alerts"],
    ...["src/ledger"],
  ],
  ["src/limits"],
  ["src/notify", "src/telemetry"],
  ["src/settings"],
  ["src/artifacts"],
  ["src/placement", "src/bundle"],
  ["src/sizing"],
  ["src/storage", "src/config.ts", "src/http1"],
  ["src/access.ts"],
  ["src/failure.ts", "src/identifier.ts"],
];

/** The pure decisions: no clock, no database, no network, no file. */
const pure = [
  "src/lifecycle/elastic.ts",
  "src/routing/selection.ts",
  "src/routing/breaker.ts",
  "src/routing/shares.ts",
  "agent/reconcile.ts",
];
/** Where sizing reads a model's files: on a disk, on a hub, in S3. */
const reading = ["local-files", "hub-request", "s3-request"].map((file) => `src/sizing/${file}.ts`);
const isPure = (file: string): boolean =>
  pure.includes(file) || (inside(file, "src/sizing") && !reading.includes(file));

interface Import {
  from: string;
  to: string;
}

const files = [...new Bun.Glob("{src,agent,ui}/**/*.{ts,tsx}").scanSync(root)].filter(
  (file) => !/\.test\.tsx?$|\.d\.ts$|src\/scenarios\/|testbed/.test(file),
);
const imports: Import[] = (await Promise.all(files.map(importsOf))).flat();

async function importsOf(file: string): Promise<Import[]> {
  const transpiler = new Bun.Transpiler({ loader: file.endsWith("x") ? "tsx" : "ts" });
  const scanned = transpiler.scanImports(await Bun.file(join(root, file)).text());
  return scanned.map(({ path }) => ({
    from: file,
    to: path.startsWith(".") ? relative(root, join(root, dirname(file), path)) : path,
  }));
}

const inside = (file: string, place: string): boolean =>
  file === place || file.startsWith(`${place}/`);
const layerOf = (file: string): number =>
  layers.findIndex((layer) => layer.some((place) => inside(file, place)));
const placeOf = (file: string): string | undefined =>
  layers[layerOf(file)]?.find((place) => inside(file, place));

function violations(rule: (found: Import) => boolean): string[] {
  return imports.filter((found) => !rule(found)).map(({ from, to }) => `${from} -> ${to}`);
}

test("imports were seen at all, so the rules below mean something", () => {
  expect(files.length).toBeGreaterThan(20);
  expect(imports.length).toBeGreaterThan(files.length);
});

test("every source file belongs to a layer", () => {
  expect(files.filter((file) => file.startsWith("src/") && layerOf(file) === -1)).toEqual([]);
});

test("inside src, imports only go down", () => {
  const wrong = violations(({ from, to }) => {
    if (!from.startsWith("src/") || !to.startsWith("src/")) return true;
    if (to.endsWith("/table.ts") && layerOf(to) >= layerOf(from)) return true;
    return layerOf(to) > layerOf(from) || placeOf(to) === placeOf(from);
  });
  expect(wrong).toEqual([]);
});

test("the agent imports only itself, src only the agent's contract, and main.ts alone the agent", () => {
  const wrong = violations(({ from, to }) => {
    if (from.startsWith("agent/")) return !/^(src|ui|migrations)\//.test(to);
    if (from.startsWith("src/") && to.startsWith("agent/")) {
      return inside(to, "agent/contract") || from === "src/main.ts";
    }
    return true;
  });
  expect(wrong).toEqual([]);
});

test("the dashboard imports nothing of src or the agent but types", () => {
  expect(
    violations(({ from, to }) => !(from.startsWith("ui/") && /^(src|agent)\//.test(to))),
  ).toEqual([]);
});

test("only the config reads the environment, and pure decisions read no clock", async () => {
  const wrong: string[] = [];
  for (const file of files.filter((f) => !f.startsWith("ui/"))) {
    const text = await Bun.file(join(root, file)).text();
    if (/(?<!")process\.env\b|Bun\.env\b/.test(text) && !/^src\/config\.ts$|^agent\//.test(file))
      wrong.push(file);
    if (isPure(file) && /Date\.now|new Date\(\)|performance\.|node:|fetch\(/.test(text)) {
      wrong.push(file);
    }
  }
  expect(wrong).toEqual([]);
});

test("no cycle: a module is never reached from what it imports", () => {
  const graph = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) throw new Error(`cycle: ${[...path, file].join(" -> ")}`);
    if (done.has(file)) return;
    for (const { to } of graph.get(file) ?? []) walk(to, [...path, file]);
    done.add(file);
  };
  for (const file of files) walk(file, []);
});
