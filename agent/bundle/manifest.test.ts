import { describe, expect, test } from "bun:test";
import { isPlainName, type Manifest, parseManifest } from "./manifest.ts";

const sha256 = "a".repeat(64);
const commit = "c".repeat(40);
const file = { name: "a.gguf", bytes: 5, sha256, chunks: [0] };
const hub = {
  kind: "hub",
  repository: "org/model",
  commit,
  revision: "main",
  listing: ["a.gguf"],
  files: [{ ...file, blob: sha256 }],
};
const runtime = {
  kind: "runtime",
  name: "llama-server",
  version: "1.2",
  arch: "x64",
  files: [{ ...file, name: "llama-server", executable: true }],
};
const whole = {
  format: 1,
  made_at: "2026-01-01T00:00:00.000Z",
  made_by: "test",
  chunks: [{ sha256, bytes: 5 }],
  items: [hub, { kind: "file", name: "a.gguf", folder: false, files: [file] }, runtime],
};

const parse = (value: unknown): Manifest => parseManifest(Buffer.from(JSON.stringify(value)));
const withItem = (item: object) => ({ ...whole, items: [item] });
const named = (name: unknown) =>
  withItem({ ...runtime, files: [...runtime.files, { ...file, name }] });

test("a good list comes back as it is", () => {
  expect(parse(whole)).toEqual(whole as unknown as Manifest);
});

const odd_names = [
  ...["", "/etc/passwd", "..", "../a", "a/../../b", "a/..", "./a", "a//b", "a/", "/"],
  ...["a\\b", "..\\a", "a\0b", "a\nb", "\u0085", "x".repeat(513), 5, null, ["a"], {}],
];
test.each(odd_names.map((name) => [name]))("the name %j is refused", (name) => {
  expect(isPlainName(name)).toBe(false);
  expect(() => parse(named(name))).toThrow("no plain relative path");
  expect(() => parse(withItem({ ...hub, listing: [name] }))).toThrow("no plain relative path");
});

test.each(["a", "a/b.so.1", "..a", "a..b/c", ".hidden", "a b", "ä", "-x"])(
  "%j is plain",
  (name) => {
    expect(isPlainName(name)).toBe(true);
  },
);

describe("refused, in a sentence:", () => {
  test.each<[string, unknown, string]>([
    ["no JSON object", [], "is missing"],
    ["a format from the future", { ...whole, format: 2 }, "newer format"],
    ["an unknown kind", withItem({ ...hub, kind: "link" }), "of no known kind"],
    [
      "a link's target in place of chunks",
      withItem({ ...hub, files: [{ ...file, link: "/", chunks: undefined, blob: sha256 }] }),
      "chunks are missing",
    ],
    ["no files", withItem({ ...hub, files: [] }), "no files"],
    ["a name twice", named("llama-server"), "two files have one name"],
    ["a file as a folder", named("llama-server/x"), "two files have one name"],
    ["a repository with dots", withItem({ ...hub, repository: "../.." }), "repository's name"],
    ["a repository with a word", withItem({ ...hub, repository: "org/m:x" }), "repository's name"],
    [
      "a bucket with a way up",
      withItem({ ...hub, repository: "s3://b/../x" }),
      "repository's name",
    ],
    [
      "a bucket with a file",
      withItem({ ...hub, repository: "s3://b/x.gguf" }),
      "repository's name",
    ],
    ["a commit that is a path", withItem({ ...hub, commit: "../../x" }), "a commit is odd"],
    ["a revision that is a path", withItem({ ...hub, revision: "../x" }), "revision's name"],
    [
      "a blob of another name",
      withItem({ ...hub, files: [{ ...file, blob: "b".repeat(64) }] }),
      "its checksum",
    ],
    [
      "a blob that is a path",
      withItem({ ...hub, files: [{ ...file, blob: "../../x" }] }),
      "checksum is odd",
    ],
    ["an unknown runtime", withItem({ ...runtime, name: "bash" }), "is no runtime"],
    ["a version that is a path", withItem({ ...runtime, version: "../1" }), "version is odd"],
    ["a runtime without a program", withItem({ ...runtime, files: [file] }), "no executable"],
    [
      "a chunk that is not there",
      withItem({ ...hub, files: [{ ...file, chunks: [1], blob: sha256 }] }),
      "is not there",
    ],
    [
      "a chunk's place that is no number",
      withItem({ ...hub, files: [{ ...file, chunks: ["length"], blob: sha256 }] }),
      "is not there",
    ],
    [
      "chunks that make up another length",
      withItem({ ...hub, files: [{ ...file, bytes: 6, blob: sha256 }] }),
      "do not make up",
    ],
    ["an endless chunk", { ...whole, chunks: [{ sha256, bytes: 2 ** 40 }] }, "impossible length"],
    ["a chunk of nothing", { ...whole, chunks: [{ sha256, bytes: 0 }] }, "impossible length"],
  ])("%s", (_, value, why) => {
    expect(() => parse(value)).toThrow(why);
    expect(() => parse(value)).toThrow(/\.$/);
  });
});
