import { expect, test } from "bun:test";
import { LineSplitter } from "./line-splitter.ts";

const split = (...parts: (string | Buffer)[]): string[] => {
  const lines = new LineSplitter();
  return parts.flatMap((part) => lines.push(Buffer.from(part)));
};

test("a line is whole however it was written, and waits for its end", () => {
  expect(split("on", "e\ntw", "o\r\n\n", "three")).toEqual(["one", "two"]);
  expect(split("Grü".slice(0, 2), Buffer.from([0xc3]), Buffer.from([0xbc]), "\n")).toEqual(["Grü"]);
});

test("what is left at the end of a log is a line too", () => {
  const lines = new LineSplitter();
  lines.push(Buffer.from("one\nlast words"));
  expect(lines.end()).toEqual(["last words"]);
  expect(lines.end()).toEqual([]);
});

test("a progress bar shows each of its states", () => {
  expect(split("\rLoading 10 %\rLoading 20 %\r")).toEqual(["Loading 10 %", "Loading 20 %"]);
});

test("bytes that are no UTF-8 are replaced", () => {
  expect(split(Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a]))).toEqual(["a\ufffd\ufffdb"]);
});

test("a line of 2 KB is kept and a longer one is cut, never inside a character", () => {
  expect(split(`${"x".repeat(2048)}\n`)).toEqual(["x".repeat(2048)]);
  expect(split(`${"x".repeat(3000)}\nnext\n`)).toEqual(["x".repeat(2048), "next"]);
  expect(split(`${"x".repeat(2046)}€uro\n`)).toEqual(["x".repeat(2046)]);
});

test("a line without an end takes no memory beyond its first 2 KB", () => {
  const lines = new LineSplitter();
  const block = Buffer.alloc(1024 * 1024, "x");
  for (let i = 0; i < 20; i++) expect(lines.push(block)).toEqual([]);
  expect(lines.push(Buffer.from("\n"))).toEqual(["x".repeat(2048)]);
});
