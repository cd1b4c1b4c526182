import { expect, test } from "bun:test";
import { type Cell, csvBody, csvLine } from "./csv.ts";

const cells: [cell: Cell, text: string][] = [
  ["plain", "plain"],
  ["with, comma", '"with, comma"'],
  ['with "quotes"', '"with ""quotes"""'],
  ["two\nlines", '"two\nlines"'],
  ["two\r\nlines", '"two\r\nlines"'],
  ["", ""],
  [null, ""],
  [0, "0"],
  [-1.5, "-1.5"],
  [true, "true"],
  ["=1+1", "'=1+1"],
  ["+1", "'+1"],
  ["-1", "'-1"],
  ["@SUM(A1)", "'@SUM(A1)"],
  ["\t=1", "'\t=1"],
  ['=cmd|" /c calc"!A1', `"'=cmd|"" /c calc""!A1"`],
];
for (const [cell, text] of cells) {
  test(`${JSON.stringify(cell)} becomes ${JSON.stringify(text)}`, () => {
    expect(csvLine([cell, 1])).toBe(`${text},1\r\n`);
  });
}

test("a body makes its lines as they are read, and no more after the reader has left", async () => {
  let made = 0;
  function* lines() {
    for (;;) {
      made += 1;
      yield csvLine([made]);
    }
  }
  const reader = csvBody(lines()).getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe("1\r\n");
  await reader.cancel();
  expect(made).toBeLessThan(4);
});
