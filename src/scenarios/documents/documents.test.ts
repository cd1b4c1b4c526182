/** Every shell line of the documents is run, or what can be run of it; `line.ts` says how a line is added. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { architecture } from "./architecture.ts";
import { common } from "./common.ts";
import { contributing } from "./contributing.ts";
import { docs } from "./docs.ts";
import { isHarmless, type Page, scriptOf } from "./line.ts";
import { readme } from "./readme.ts";
import { Sandbox } from "./sandbox.ts";
import { shellLines, shownOutputs } from "./shell-lines.ts";

const root = join(import.meta.dir, "../../..");
const pages: readonly Page[] = [readme, ...docs, architecture, contributing];
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const linesOf = (file: string) => shellLines(read(file));
/** What has changed is no promise of what is. */
const history = ["CHANGELOG.md"];

test("every document for people is among the pages", () => {
  const found = [...new Bun.Glob("{*,docs/**/*,src/*}.md").scanSync(root)];
  const known = [...pages.map(({ file }) => file), ...history];
  expect(found.filter((file) => !known.includes(file))).toEqual([]);
});

test("every line that pages have in common is on some page", () => {
  const texts = new Set(pages.flatMap(({ file }) => linesOf(file).map(({ text }) => text)));
  expect(Object.keys(common).filter((text) => !texts.has(text))).toEqual([]);
});

/** One for all: each page leaves what others need. */
const sandbox = new Sandbox();
beforeAll(() => sandbox.start(), 120_000);
afterAll(() => sandbox.end(), 60_000);

describe.each(pages.map((page) => [page.file, page] as const))("%s", (file, page) => {
  const lines = linesOf(file);

  test("has every line that its table has", () => {
    const texts = lines.map(({ text }) => text);
    expect(Object.keys(page.lines).filter((text) => !texts.includes(text))).toEqual([]);
  });

  const lineFor = (text: string) =>
    page.lines[text] ?? common[text] ?? (isHarmless(text) ? {} : undefined);
  const outputs = new Map<string, string>();
  const once = lines.filter(({ text }, i) => lines.findIndex((one) => one.text === text) === i);
  test.each(once.map(({ at, text }) => [at, text] as const))(
    "line %i: %s",
    async (_, text) => {
      const line = lineFor(text);
      if (!line) throw new Error(`No table has this line. Add it to that of ${file}: ${text}`);
      const ran = await sandbox.run(scriptOf(text, line));
      outputs.set(text, ran.output);
      expect(ran).toEqual({
        code: line.code ?? 0,
        output: expect.stringMatching(line.says ?? /^/),
      });
    },
    130_000,
  );

  const shown = shownOutputs(read(file)).map((each) => {
    const texts = lines.filter(({ at }) => at >= each.from && at < each.to).map(({ text }) => text);
    return [each.from, texts, each.output] as const;
  });
  // What is not run as it stands prints something else.
  const comparable = shown.filter(([, texts]) => !texts.some((text) => lineFor(text)?.run));
  test.each(comparable)("line %i and its block print what the page shows", (_, texts, output) => {
    expect(texts.map((text) => outputs.get(text)).join("")).toMatch(output);
  });
});
