import { expect, test } from "bun:test";
import { scriptOf } from "./line.ts";
import { shellLines, shownOutputs } from "./shell-lines.ts";

test("a page's commands are those of its shell blocks and of its prose, in their order", () => {
  const page = [
    "Write `hypervize status` or `hypervize`, in `hypervize-agent.env`. `npm run",
    "build` too; ``sh in two`` does not count.",
    "```sh",
    "# nothing",
    'one  "a # b"   # comment',
    "two \\",
    "  --more 'x",
    "y'",
    "",
    "three#not a comment; four # is one",
    "```",
    "```ts",
    "no();",
    "```",
    "  ```bash",
    "  five | six",
    "  ```",
    "The last is `./install.sh --root DIR`.",
  ].join("\n");
  expect(shellLines(page)).toEqual([
    { at: 1, text: "hypervize status" },
    { at: 1, text: "npm run build" },
    { at: 5, text: 'one "a # b"' },
    { at: 6, text: "two --more 'x\ny'" },
    { at: 10, text: "three#not a comment; four" },
    { at: 16, text: "five | six" },
    { at: 18, text: "./install.sh --root DIR" },
  ]);
});

test("a line stands for itself, for its part with a reason, or for each of its verbs", () => {
  expect(scriptOf("a b", {})).toBe("a b");
  expect(scriptOf("a b", { because: "b is large", run: "a" })).toBe("a");
  expect(() => scriptOf("a b", { run: "a" })).toThrow("Say why");
  expect(scriptOf("a list|show", { each: { show: "x", list: "" } })).toBe("a show x\na list");
  expect(() => scriptOf("a list|show|drop", { each: { show: "x", list: "" } })).toThrow("drop");
});

test("the text behind a block of commands is what they print, but for what … stands for", () => {
  const page =
    "```sh\nzero\n```\n\n```sh\none\ntwo\n```\n\n```text\nID  NAME\nx_…  b (1)\n```\n\n```text\nno\n```\n";
  const [shown, ...more] = shownOutputs(page);
  expect(more).toEqual([]);
  expect([shown?.from, shown?.to]).toEqual([6, 8]);
  expect("ID     NAME\nand\nx_17 more   b (1)\n").toMatch(shown?.output ?? /^$/);
  for (const other of ["ID NAME\n", "x_ b (1)\nID NAME\n", "ID NAME\nx_1 b 1\n"]) {
    expect(other).not.toMatch(shown?.output ?? /^/);
  }
});
