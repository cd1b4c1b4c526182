import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { allTests, fastTests, testsAt } from "./selection.ts";

const root = join(import.meta.dir, "../..");
/** As somebody names it, from wherever the tests were started. */
const here = (path: string): string => relative(process.cwd(), join(root, path));

test("a file stands for itself, a folder for all below it, the dot for everything", () => {
  const own = ".ci/testing/selection.test.ts";
  expect(testsAt(root, [here(own)])).toEqual([own]);
  expect(testsAt(root, [here(".ci/testing"), here(own)])).toContain(own);
  const gateway = testsAt(root, [here("src/gateway")]);
  expect(gateway.length).toBeGreaterThan(20);
  expect(gateway.filter((file) => !file.startsWith("src/gateway/"))).toEqual([]);
  expect(testsAt(root, [root])).toEqual(allTests(root));
});

test.each([
  ["src/nothing.test.ts", "There is no "],
  ["src/shared/http1/chunked.ts", "Its tests are in src/shared/http1/chunked.test.ts."],
  ["package.json", "is not a test"],
  ["migrations", "No file below "],
])("%s is refused in words", (path, words) => {
  expect(() => testsAt(root, [here(path)])).toThrow(words);
});

test("the fast ones start no process: neither themselves nor by a test bed of theirs", () => {
  const fast = fastTests(root);
  const all = allTests(root);
  expect(fast.length).toBeGreaterThan(all.length / 2);
  expect(fast).toContain("src/control/accounts/callers.test.ts");
  for (const slow of [
    "src/scenarios/demo.test.ts",
    ".ci/install.test.ts",
    // By itself, by a test bed, and by a test bed of a test bed.
    "src/gateway/llama-server.test.ts",
    "src/control/usage/reconciliation/drift-llama.test.ts",
    "agent/runtimes/container-real.test.ts",
    "src/gateway/request/body-fuzz.test.ts",
  ]) {
    expect([slow, existsSync(join(root, slow)), fast.includes(slow)]).toEqual([slow, true, false]);
  }
});
