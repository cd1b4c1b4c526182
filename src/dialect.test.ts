/** One dialect: that the linter's own rules for it see what they are to see, and what test beds are called. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const folder = mkdtempSync(join(tmpdir(), "dialect-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The rules that the linter reports for TEXT, and the lines; formatting and the rest of its rules aside. */
async function complaints(text: string): Promise<string[]> {
  const { linter, plugins } = await Bun.file(join(root, "biome.json")).json();
  const { useNamingConvention } = linter.rules.style;
  const config = {
    root: true,
    plugins: plugins.map((plugin: string) => join(root, plugin)),
    linter: { rules: { preset: "none", style: { useNamingConvention } } },
  };
  writeFileSync(join(folder, "biome.json"), JSON.stringify(config));
  writeFileSync(join(folder, "file.ts"), text);
  const biome = join(root, "node_modules/.bin/biome");
  const { stdout } = Bun.spawnSync([biome, "lint", "--reporter=github", "file.ts"], {
    cwd: folder,
    stderr: "ignore",
  });
  return [...stdout.toString().matchAll(/title=([^,]+).*?line=(\d+)/g)].map(
    ([, rule, line]) => `${line} ${rule}`,
  );
}

test("the linter refuses private members, spread literals and SCREAMING_CASE, each where it stands", async () => {
  const bad = `export const LIMIT_MS = 4;
export const both = { b: 2, ...{ c: 3 } };
export class Counter {
  private count = 1;
  private next(): number {
    return this.count;
  }
  constructor(private readonly start: number) {}
}
`;
  expect((await complaints(bad)).sort()).toEqual([
    "1 lint/style/useNamingConvention",
    "2 plugin",
    "4 plugin",
    "5 plugin",
    "8 plugin",
  ]);
});

test("the linter takes #private, private constructors, snake_case data and spread names", async () => {
  const good = `export const limit_ms = 4;
export const Schema = { limit_ms };
export const double = (value: number): number => 2 * value;
export class Counter {
  #count = 1;
  protected step = 1;
  private constructor() {}
  static create(): Counter {
    return new Counter();
  }
  next(): object {
    const rest = { a: 1 };
    return { ...Schema, ...rest, ...(this.#count > 0 && { b: 2 }) };
  }
}
`;
  expect(await complaints(good)).toEqual([]);
});

const files = [
  ...new Bun.Glob("{src,agent,ui,.ci}/**/*.{ts,tsx}").scanSync({ cwd: root, dot: true }),
];

test("a bed for tests is called x.testbed.ts, and nothing that is shipped imports one", async () => {
  const named = files.filter((file) => /test-?bed|under-test/.test(file));
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((file) => !/\.testbed\.tsx?$/.test(file))).toEqual([]);
  const shipped = files.filter(
    (file) => !/\.test(?:bed)?\.tsx?$|^src\/scenarios\/|^\.ci\//.test(file),
  );
  const wrong: string[] = [];
  for (const file of shipped) {
    const text = await Bun.file(join(root, file)).text();
    if (/from "[^"]*\.(?:testbed|test)\.tsx?"/.test(text)) wrong.push(file);
  }
  expect(wrong).toEqual([]);
});
