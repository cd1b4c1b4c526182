import { expect, test } from "bun:test";
import { blocks } from "./fences.ts";

test("an answer without code is one block", () => {
  expect(blocks("Hello\n\nthere")).toEqual([{ is: "prose", text: "Hello\n\nthere" }]);
});

test("code stands apart, keeps its indentation and loses its fences", () => {
  expect(blocks("Look:\n```python\n  x = 1\n```\nDone.")).toEqual([
    { is: "prose", text: "Look:" },
    { is: "code", text: "  x = 1" },
    { is: "prose", text: "Done." },
  ]);
});

test("a fence that is still open is code already", () => {
  expect(blocks("```js\nlet a")).toEqual([{ is: "code", text: "let a" }]);
});

test("backticks inside a line are no fence, and nothing gives nothing", () => {
  expect(blocks("use ```x``` here")).toEqual([{ is: "prose", text: "use ```x``` here" }]);
  expect(blocks("")).toEqual([]);
});
