import { expect, test } from "bun:test";
import { digestIn, parseListing } from "./repository.ts";

const sha = "0123456789abcdef0123456789abcdef01234567";
const listing = (...names: unknown[]): string =>
  JSON.stringify({ sha, siblings: names.map((rfilename) => ({ rfilename })) });

test("names that would leave the folder are not heard", () => {
  const good = ["m.gguf", "Q8/m 1.gguf", "..m.gguf", "a/b.c/ü.gguf"];
  const bad = [
    "../m.gguf",
    "/m.gguf",
    "a/../../m.gguf",
    "a/./m",
    "..",
    "a\\b",
    "a\0b",
    "",
    7,
    null,
  ];
  expect(parseListing(listing(...good, ...bad))).toEqual({ commit: sha, names: good });
});

test.each([
  "",
  "null",
  "[]",
  "<html>",
  '{"sha":"main","siblings":[]}',
  `{"sha":"${sha}"}`,
  `{"sha":"../${sha}","siblings":[]}`,
])("%j is no listing", (text) => {
  expect(parseListing(text)).toBeUndefined();
});

test.each<[Record<string, string>, string | undefined]>([
  [{ "x-linked-etag": `"${"a".repeat(64)}"`, etag: '"b"' }, "a".repeat(64)],
  [{ etag: `W/"${"b".repeat(40)}"` }, "b".repeat(40)],
  [{ etag: '"../../x"' }, undefined],
  [{ etag: '"d41d8cd98f00b204e9800998ecf8427e-12"' }, undefined],
  [{}, undefined],
])("%j has the checksum %p", (headers, digest) => {
  expect(digestIn(new Headers(headers))).toBe(digest as string);
});
