import { expect, test } from "bun:test";
import { hubSource } from "../gguf/hub-source.ts";
import { isPlainName, parseS3Source, pinOf, type S3Object, s3Folder } from "./source.ts";

const pin = "0123456789abcdef0123456789abcdef01234567";

test.each([
  ["s3://b-1/llms/small", "s3://b-1/llms/small", null, null],
  ["s3://b-1/llms/small/", "s3://b-1/llms/small", null, null],
  ["s3://b-1", "s3://b-1", null, null],
  ["s3://b-1/x.gguf", "s3://b-1", null, "x.gguf"],
  ["s3://b-1/a b/x.GGUF", "s3://b-1/a b", null, "x.GGUF"],
  ["s3://b-1/llms:Q4_K_M", "s3://b-1/llms", null, "Q4_K_M"],
  [`s3://b-1/llms@${pin}:q/x.gguf`, "s3://b-1/llms", pin, "q/x.gguf"],
  [`s3://b-1@${pin}:x.gguf`, "s3://b-1", pin, "x.gguf"],
])("%j is %s at %s with %s, and is written so again", (text, repository, revision, word) => {
  const parsed = parseS3Source(text);
  expect(parsed).toEqual({ repository, revision, word });
  if (parsed) expect(parseS3Source(hubSource(parsed))).toEqual(parsed);
});

test.each([
  ...["s3://", "s3://b", "s3:///x", "s3://b_/x", "s3://b..c/x", "S3://bucket/x", "bucket/x"],
  ...[
    "s3://bucket/../x",
    "s3://bucket/a/./b",
    "s3://bucket//x",
    "s3://bucket/a\\b",
    "s3://bucket/a\0",
  ],
  ...["s3://bucket/a@main", "s3://bucket/a:../x", "s3://bucket/a:/x", "s3://user@bucket/a"],
  ...[`s3://bucket/${"x".repeat(240)}`, "s3://bucket/a/x.gguf:Q4"],
])("%j names nothing", (text) => {
  expect(parseS3Source(text)).toBeUndefined();
});

test("bucket and folder are told apart again", () => {
  expect(s3Folder("s3://b-1")).toEqual({ bucket: "b-1", folder: "" });
  expect(s3Folder("s3://b-1/x/y")).toEqual({ bucket: "b-1", folder: "x/y" });
});

test("names that lead out, up or nowhere are no plain ones", () => {
  const names = [
    "..",
    "a/../b",
    "/a",
    "a//b",
    "a/",
    "",
    ".",
    "a\\b",
    "a\nb",
    "a\u0000",
    "x".repeat(513),
  ];
  expect(names.filter(isPlainName)).toEqual([]);
  expect(["a", "a/b c.gguf", "...", "Ä+(1)%20&=.json"].every(isPlainName)).toBe(true);
});

test("a pin knows every file by name, size and ETag, in any order", () => {
  const one: S3Object = { name: "a", bytes: 1, etag: "x" };
  const two: S3Object = { name: "b", bytes: 1, etag: "x" };
  expect(pinOf([one, two])).toBe(pinOf([two, one]));
  const others = [
    [one],
    [one, { ...two, etag: "y" }],
    [one, { ...two, bytes: 2 }],
    [one, { ...two, name: "c" }],
  ];
  expect(new Set([[one, two], ...others].map(pinOf)).size).toBe(5);
});
