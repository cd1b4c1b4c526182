import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { equivalents } from "./equivalents.ts";
import { type Mutant, mutantsOf } from "./mutate.ts";
import { targets, testsFor } from "./targets.ts";

const root = join(import.meta.dir, "../..");

/** All that TEXT, one line of a function, becomes. */
function made(line: string): string[] {
  const text = `function f() {\n  ${line}\n}\n`;
  return mutantsOf("f.ts", text).map(
    (mutant) => applied(text, mutant).split("\n")[1]?.trim() ?? "",
  );
}
const applied = (text: string, { from, to, text: other }: Mutant): string =>
  text.slice(0, from) + other + text.slice(to);

test.each<[string, string[]]>([
  ["return a === b;", ["return a !== b;"]],
  ["return a < b;", ["return a <= b;", "return a >= b;"]],
  ["return a && b;", ["return a ;", "return b;"]],
  ["return f(a, b || c(d, e), g);", ["return f(a, b , g);", "return f(a, c(d, e), g);"]],
  ["return a ?? b;", ["return a ;"]],
  ["return !a;", ["return a;"]],
  ["if (a) return;", ["if (false) return;", "if (true) return;"]],
  ["this.#close(a);", [""]],
  ["await b.close();", [""]],
  ["return a.filter((b) => b).length;", ["return a.length;"]],
  ["return 1_000;", ["return 0;", "return 1001;"]],
  ["return 0;", ["return 1;"]],
  ["return Math.max(a, b);", ["return Math.min(a, b);"]],
  ["return true;", ["return false;"]],
])("%s becomes one thing after the other", (line, expected) => {
  expect(made(line).toSorted()).toEqual(expected.toSorted());
});

test.each([
  'return "a && 1";',
  "// a && b < 1",
  "return /a && [/]b{1}/;",
  `return \`${"$"}{a}\`;`,
  "const a: Map<string, B> = b;",
  "return a1;",
  "type A = 1 | 2;",
])("%s stays as it is", (line) => {
  expect(made(line)).toEqual([]);
});

test("every file of decisions is there, and has tests that are asked", () => {
  const files = targets(root);
  expect(files.length).toBeGreaterThan(50);
  expect(testsFor(root, "src/control/accounts/callers.ts")).toContain(
    "src/control/accounts/callers.test.ts",
  );
  expect(testsFor(root, "src/control/usage/spent.ts")).toContain("src/control/usage/usage.test.ts");
  expect(files.filter((file) => testsFor(root, file).length === 0)).toEqual([]);
});

test("what is explained is still there to be done, and nowhere else", async () => {
  for (const { file, before, change, because } of equivalents) {
    expect([file, existsSync(join(root, file))]).toEqual([file, true]);
    const mutants = mutantsOf(file, await Bun.file(join(root, file)).text());
    const same = mutants.filter((mutant) => mutant.before === before && mutant.change === change);
    expect([file, before, change, same.length]).toEqual([file, before, change, 1]);
    expect(because).toEndWith(".");
  }
});
