import { expect, test } from "bun:test";
import { openDatabase } from "../../storage/database.ts";
import { catalogIn, demo, newModel } from "./catalog.testbed.ts";
import { changedEntry, checkedEntry, type ModelInput, namedInput } from "./entry.ts";

test("what is not said gets its default", () => {
  const { name, source } = demo;
  expect(checkedEntry(demo)).toEqual({
    name,
    asked: { source, revision: null, runtime: "auto", context_tokens: null },
    gpu: { type: null, count: null },
    slots: 4,
    replicas: null,
    enabled: true,
  });
});

test.each([
  ["file:///models/tiny-q4.gguf", "tiny-q4"],
  ["file:///models/llama", "llama"],
  ["builtin:hypervize-demo", "hypervize-demo"],
  ["org/Llama-8B", "Llama-8B"],
  ["hf:org/Llama-8B-GGUF@main:Q4_K_M", "Llama-8B-GGUF"],
  ["org/Llama-8B-GGUF:sub/llama-Q4.gguf", "Llama-8B-GGUF"],
])("%s is called %s where nobody names it", (source, name) => {
  expect(namedInput({ source }).name).toBe(name);
  expect(namedInput({ model: source, name: "mine" })).toEqual({ source, name: "mine" });
});

test("a change keeps what it does not say, and another source not the revision of the one before", () => {
  const model = catalogIn(openDatabase(":memory:")).create(
    newModel({ name: "m", source: "org/m", revision: "v1", slots: 2 }),
  );
  expect(changedEntry(model, { replicas: 3 })).toMatchObject({
    name: "m",
    slots: 2,
    replicas: 3,
    asked: { source: "org/m", revision: "v1" },
  });
  expect(changedEntry(model, { source: "org/m" }).asked.revision).toBe("v1");
  expect(changedEntry(model, { source: "org/other" }).asked.revision).toBeNull();
});

const good: Partial<ModelInput>[] = [
  { name: "a" },
  { name: "org/Model-7B:q4_k_m.v2" },
  { name: "x".repeat(96) },
  { source: "file:///models/a.gguf" },
  { source: "file:///srv/my models/größe.gguf" },
  { source: "file:///models/a-folder" },
  { source: "org/model" },
  { source: "hf:org/model@main:Q4_K_M" },
  { source: "org/model:Q4_K_M", revision: "refs/pr/1" },
  { runtime: "vllm" },
  { gpu: { type: "H100-80", count: 2 } },
  { context_tokens: 256 },
  { context_tokens: 1_048_576, slots: 256, replicas: 1000 },
  { slots: 1, replicas: 0, enabled: false },
];
for (const input of good) {
  test(`${JSON.stringify(input)} is taken as it is`, () => {
    const { asked, ...rest } = checkedEntry({ ...demo, ...input });
    expect({ ...asked, ...rest }).toMatchObject(input);
  });
}

const bad: [param: keyof ModelInput, values: unknown[]][] = [
  ["name", ["", "x".repeat(97), "with space", "naïve", "a\n", 'a"b', "<b>", "a?b", "../a b"]],
  [
    "source",
    [
      "",
      "model",
      "org/model/more",
      "org/model@",
      "org/model:../x",
      "https://example.org/a.gguf",
      "file://host/a.gguf",
      "file:/a.gguf",
      "file:///a/../../etc/a.gguf",
      "file:///a/./b.gguf",
      "file:///a.gguf?x=1",
      "file:///a#b.gguf",
      "file:///a\u0000.gguf",
      "file:///a\n.gguf",
      `file:///${"x".repeat(4096)}.gguf`,
    ],
  ],
  ["context_tokens", [255, 1_048_577, 4096.5, Number.NaN, -1]],
  ["revision", ["", "a".repeat(257), "../x"]],
  ["gpu", [1, [], { kind: "L4" }]],
  ["slots", [0, 257, 1.5]],
  ["replicas", [-1, 1001, 0.5]],
];
for (const [param, values] of bad) {
  for (const value of values) {
    test(`${param} ${JSON.stringify(value).slice(0, 60)} is refused by name`, () => {
      const hub = param === "revision" ? { source: "org/model" } : {};
      const input = { ...demo, ...hub, [param]: value } as ModelInput;
      expect(() => checkedEntry(input)).toThrow(expect.objectContaining({ status: 400, param }));
    });
  }
}

test("a folder or a file in S3 is a source, called like its folder", () => {
  for (const source of ["s3://models/llms/small", "s3://models/llms/small/m-Q4_K_M.gguf"]) {
    const named = namedInput({ source });
    expect(named.name).toBe("small");
    expect(checkedEntry(named).asked.source).toBe(source);
  }
});

test("an unsupported source is told what is supported, and a revision where there is none that there is none", () => {
  expect(() => checkedEntry({ ...demo, source: "Qwen3-8B" })).toThrow(
    "Supported sources are ORG/REPO",
  );
  expect(() => checkedEntry({ ...demo, revision: "main" })).toThrow("Only models of the hub");
  expect(() => checkedEntry({ ...demo, source: "org/m@a", revision: "b" })).toThrow(
    "Leave one out",
  );
});
