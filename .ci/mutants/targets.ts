/** What is mutated, the core's decisions, and which tests are asked about a file. */
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { allTests } from "../testing/selection.ts";

const patterns: readonly string[] = [
  "src/control/accounts/callers.ts",
  "src/app/accounts.ts",
  "src/control/accounts/keys/{keys,token}.ts",
  "src/gateway/limits/*.ts",
  "src/shared/http1/*.ts",
  "src/gateway/proxy/{hold,exchange,tap}.ts",
  "src/control/scheduler/lifecycle/*.ts",
  "src/control/scheduler/lifecycle/dedicated/*.ts",
  "src/control/scheduler/placement/*.ts",
  "agent/weights/hub/{blob,scrub}.ts",
  "agent/weights/gguf-check.ts",
  "src/control/scheduler/sizing/gguf-types.ts",
  "src/control/usage/spent.ts",
];

export function targets(root: string): string[] {
  return patterns
    .flatMap((pattern) => {
      const found = [...new Bun.Glob(pattern).scanSync({ cwd: root })];
      if (found.length === 0) throw new Error(`.ci/mutants/targets.ts: no file is ${pattern}.`);
      return found;
    })
    .filter((file) => !/\.(?:test|testbed)\.ts$|\/(?:table|routes)\.ts$/.test(file))
    .sort();
}

/** Of the same folder, and those that import FILE, themselves or by a test bed; without stories and tools. */
export function testsFor(root: string, file: string): string[] {
  const folder = dirname(file);
  const tests = allTests(root).filter((test) => !/^(?:src\/scenarios|\.ci)\//.test(test));
  const beds = [...new Bun.Glob("{src,agent}/**/*.testbed.ts").scanSync(root)];
  const near = beds.filter((bed) => importsOf(root, bed).includes(file));
  return tests.filter((test) => {
    if (dirname(test) === folder) return true;
    const imports = importsOf(root, test);
    return imports.includes(file) || near.some((bed) => imports.includes(bed));
  });
}

const known = new Map<string, readonly string[]>();

function importsOf(root: string, file: string): readonly string[] {
  const before = known.get(file);
  if (before) return before;
  const text = readFileSync(join(root, file), "utf8");
  const imports = [...text.matchAll(/\bfrom "(\.[^"]+)"/g)].map(([, path = ""]) =>
    relative(root, join(root, dirname(file), path)),
  );
  known.set(file, imports);
  return imports;
}
