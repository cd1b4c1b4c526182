import { expect, test } from "bun:test";
import { checkedEntry, type ModelInput } from "./entry.ts";

const demo = { name: "hypervize-demo", source: "builtin:hypervize-demo" };

test("what is not said gets its default", () => {
  expect(checkedEntry(demo)).toEqual({
    ...demo,
    runtime: "llama-server",
    context_tokens: 4096,
    slots: 4,
    replicas: null,
    enabled: true,
  });
});

const good: Partial<ModelInput>[] = [
  { name: "a" },
  { name: "org/Model-7B:q4_k_m.v2" },
  { name: "x".repeat(96) },
  { source: "file:///models/a.gguf" },
  { source: "file:///srv/my models/größe.gguf" },
  { context_tokens: 256 },
  { context_tokens: 1_048_576, slots: 256, replicas: 1000 },
  { slots: 1, replicas: 0, enabled: false },
];
for (const input of good) {
  test(`${JSON.stringify(input)} is taken as it is`, () => {
    expect(checkedEntry({ ...demo, ...input })).toMatchObject(input);
  });
}

const bad: [param: keyof ModelInput, values: unknown[]][] = [
  ["name", ["", "x".repeat(97), "with space", "naïve", "a\n", 'a"b', "<b>", "a?b", "../a b"]],
  [
    "source",
    [
      "",
      "builtin:other",
      "org/model",
      "https://example.org/a.gguf",
      "file://host/a.gguf",
      "file:/a.gguf",
      "file:///a.safetensors",
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
  ["slots", [0, 257, 1.5]],
  ["replicas", [-1, 1001, 0.5]],
];
for (const [param, values] of bad) {
  for (const value of values) {
    test(`${param} ${JSON.stringify(value).slice(0, 60)} is refused by name`, () => {
      const input = { ...demo, [param]: value } as ModelInput;
      expect(() => checkedEntry(input)).toThrow(expect.objectContaining({ status: 400, param }));
    });
  }
}

test("an unsupported source is told what is supported", () => {
  expect(() => checkedEntry({ ...demo, source: "Qwen/Qwen3-8B" })).toThrow(
    "Supported sources are builtin:hypervize-demo and file:///",
  );
});
