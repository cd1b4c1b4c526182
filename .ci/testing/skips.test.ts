import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { skipLines, skipsIn, unknownAmong } from "./skips.ts";

const root = join(import.meta.dir, "../..");

const report = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="4" skipped="3">
  <testsuite name="src/scenarios/peers.test.ts" file="src/scenarios/peers.test.ts" skipped="2">
    <testcase name="say &quot;hi&quot;" classname="four machines" time="0" file="src/scenarios/peers.test.ts" line="9">
      <skipped />
    </testcase>
    <testcase name="more" classname="four machines" time="0" file="src/scenarios/peers.test.ts" line="12">
      <skipped />
    </testcase>
    <testcase name="runs" classname="" time="0.1" file="src/scenarios/peers.test.ts" line="20" assertions="1" />
    <testcase name="fails" classname="" time="0.1" file="src/a.test.ts" line="20" assertions="1">
      <failure type="AssertionError">x</failure>
    </testcase>
    <testcase name="sums &lt;1&gt; &amp; 2" classname="" time="0" file="src/a.test.ts" line="3">
      <skipped />
    </testcase>
  </testsuite>
</testsuites>`;

test("what was skipped is counted by its reason; what nobody has a reason for is named", () => {
  const skips = skipsIn(report);
  expect(skips).toEqual([
    { file: "src/scenarios/peers.test.ts", name: 'four machines > say "hi"' },
    { file: "src/scenarios/peers.test.ts", name: "four machines > more" },
    { file: "src/a.test.ts", name: "sums <1> & 2" },
  ]);
  expect(skipLines(skips)).toEqual([
    "2 skipped: network namespaces need root and the command ip (src/scenarios/peers.test.ts)",
    "1 skipped: NOBODY HAS SAID WHY. Add it to .ci/testing/skips.ts: src/a.test.ts: sums <1> & 2",
  ]);
  expect(unknownAmong(skips)).toEqual([{ file: "src/a.test.ts", name: "sums <1> & 2" }]);
});

test("a known reason is for the tests that it names, and not for others of their file", () => {
  const file = "src/scenarios/host-faults.test.ts";
  const named = { file, name: "a host whose clock is wrong > +2d" };
  const other = { file, name: "a host that is switched off" };
  expect(unknownAmong([named, other])).toEqual([other]);
});

test("every test that may be skipped has a reason, and every reason its file", async () => {
  const files = [
    ...new Bun.Glob("{src,agent,.ci}/**/*.test.ts").scanSync({ cwd: root, dot: true }),
  ];
  const texts = await Promise.all(
    files.map(async (file) => [file, await Bun.file(join(root, file)).text()] as const),
  );
  const own = ".ci/testing/skips.test.ts";
  const skipping = texts
    .filter(([file, text]) => file !== own && /\b(?:test|describe)\.skip(?:If)?\(/.test(text))
    .map(([file]) => file);
  const table = await Bun.file(join(root, ".ci/testing/skips.ts")).text();
  const known = [...table.matchAll(/file: "([^"]+)"/g)].map(([, file = ""]) => file);
  expect(known.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  // Without a llama-server nothing is tested at all: the tests get one first.
  const llama = /\bhasLlama\b|!binary \|\| !existsSync\(weights\)/;
  const always = texts.filter(([, text]) => llama.test(text)).map(([file]) => file);
  expect(skipping.filter((file) => !known.includes(file) && !always.includes(file))).toEqual([]);
});
