/** Every shell line of the documents is run, or what can be run of it; `line.ts` says how a line is added. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { architecture } from "./architecture.ts";
import { contributing } from "./contributing.ts";
import { type Page, scriptOf } from "./line.ts";
import { readme } from "./readme.ts";
import { Sandbox } from "./sandbox.ts";
import { shellLines } from "./shell-lines.ts";

const root = join(import.meta.dir, "../../..");
const pages: readonly Page[] = [readme, architecture, contributing];
/** What has changed is no promise of what is. */
const history = ["CHANGELOG.md"];

test("every document for people is among the pages", () => {
  const found = [...new Bun.Glob("{*,docs/**/*,src/*}.md").scanSync(root)];
  const known = [...pages.map(({ file }) => file), ...history];
  expect(found.filter((file) => !known.includes(file))).toEqual([]);
});

describe.each(pages.map((page) => [page.file, page] as const))("%s", (file, page) => {
  const lines = shellLines(readFileSync(join(root, file), "utf8"));
  const sandbox = new Sandbox();
  beforeAll(() => sandbox.start(), 120_000);
  afterAll(() => sandbox.end(), 60_000);

  test("has every line that its table has", () => {
    const texts = lines.map(({ text }) => text);
    expect(Object.keys(page.lines).filter((text) => !texts.includes(text))).toEqual([]);
  });

  const once = lines.filter(({ text }, i) => lines.findIndex((one) => one.text === text) === i);
  test.each(once.map(({ at, text }) => [at, text] as const))(
    "line %i: %s",
    async (_, text) => {
      const line = page.lines[text];
      if (!line) throw new Error(`No table has this line. Add it to that of ${file}: ${text}`);
      const ran = await sandbox.run(scriptOf(text, line));
      expect(ran).toEqual({
        code: line.code ?? 0,
        output: expect.stringMatching(line.says ?? /^/),
      });
    },
    130_000,
  );
});
