import { expect, test } from "bun:test";
import type { Failure } from "../../../shared/failure.ts";
import { tokenIn } from "../resolution/asked-field.ts";
import { changed, mayHelp, runsOtherwise } from "./change.ts";
import { checkedName, defaultName } from "./endpoint-name.ts";
import { specWith } from "./endpoints.testbed.ts";
import { type Changes, merged, specOf } from "./provision.ts";

function refusal(act: () => unknown): Failure {
  try {
    act();
  } catch (error) {
    return error as Failure;
  }
  throw new Error("It was accepted.");
}

test("what is not said gets its default", () => {
  expect(specOf({ model: "org/model" }, 900)).toEqual({
    model: "org/model",
    revision: null,
    task: null,
    runtime: "auto",
    gpu: { type: null, count: null },
    context: null,
    concurrency: 4,
    min_replicas: 0,
    max_replicas: 1,
    idle_timeout_s: 900,
    l1_timeout_s: 0,
    cold_start: "hold",
    labels: {},
    env: {},
    args: [],
    visibility: "private",
  });
});

const good: Changes[] = [
  { context: 256, concurrency: 1, min_replicas: 1, max_replicas: 1, idle_timeout_s: null },
  { context: null, revision: "main", task: "text-generation", visibility: "public" },
  {
    labels: { region: "eu", pool: "" },
    env: { TZ: "UTC", EMPTY: "" },
    args: ["--flash-attn", "on"],
  },
  { idle_timeout_s: 1, max_replicas: 100, cold_start: "fail", runtime: "sglang" },
];
for (const body of good) {
  test(`${JSON.stringify(body)} is taken as it is`, () => {
    expect(merged(specWith(), body)).toEqual({ ...specWith(), ...body } as never);
  });
}

test("a GPU may be named by type, count, both or neither", () => {
  const gpu = (value: unknown) => merged(specWith(), { gpu: value } as Changes).gpu;
  expect(gpu({ type: "H100-80", count: 2 })).toEqual({ type: "H100-80", count: 2 });
  expect(gpu({ count: 1 })).toEqual({ type: null, count: 1 });
  expect([gpu({}), gpu(null)]).toEqual(Array(2).fill({ type: null, count: null }));
});

const bad: [field: string, body: Readonly<Record<string, unknown>>][] = [
  ["model", { model: "" }],
  ["model", { model: "x".repeat(4097) }],
  ["revision", { revision: "" }],
  ["task", { task: "two words" }],
  ["context", { context: 255 }],
  ["context", { context: 4096.5 }],
  ["concurrency", { concurrency: 0 }],
  ["concurrency", { concurrency: Number.NaN }],
  ["min_replicas", { min_replicas: -1 }],
  ["min_replicas", { min_replicas: 2, max_replicas: 1 }],
  ["max_replicas", { max_replicas: 0 }],
  ["max_replicas", { max_replicas: 1_000_000 }],
  ["idle_timeout_s", { idle_timeout_s: -5 }],
  ["idle_timeout_s", { idle_timeout_s: 0 }],
  ["idle_timeout_s", { idle_timeout_s: 1e12 }],
  ["gpu", { gpu: "H100" }],
  ["gpu", { gpu: { kind: "H100" } }],
  ["gpu.type", { gpu: { type: "<b>" } }],
  ["gpu.count", { gpu: { count: 0 } }],
  ["gpu.count", { gpu: { count: "2" } }],
  ["labels", { labels: ["region=eu"] }],
  ["labels", { labels: { Region: "eu" } }],
  ["labels", { labels: { "a=b": "c" } }],
  ["labels", { labels: { region: 1 } }],
  ["env", { env: { A: 1 } }],
  ["env", { env: { A: "x".repeat(16_385) } }],
  ["env", { env: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`V${i}`, ""])) }],
  ["args", { args: "--flash-attn" }],
  ["args", { args: [1] }],
  ["args", { args: ["--a\0--model"] }],
  ["args", { args: Array(201).fill("-x") }],
];
for (const [field, body] of bad) {
  test(`${JSON.stringify(body).slice(0, 60)} is refused by a sentence that names ${field}`, () => {
    const { status, param, message } = refusal(() => merged(specWith(), body as Changes));
    expect([status, param]).toEqual([400, field]);
    expect(message).toMatch(/\.$/);
  });
}

test("a value of a variable is never repeated in a refusal", () => {
  const long = `hunter2${"x".repeat(20_000)}`;
  expect(refusal(() => merged(specWith(), { env: { A: long } })).message).not.toContain("hunter2");
});

test("a token is one word; none is the empty one", () => {
  expect([tokenIn({ hf_token: " hf_x\n" }), tokenIn({ hf_token: null }), tokenIn({})]).toEqual([
    ...["hf_x", "", ""],
  ]);
  for (const hf_token of ["two words", "hf_ü", "x".repeat(513)]) {
    expect(refusal(() => tokenIn({ hf_token })).param).toBe("hf_token");
  }
});

test("names are short, in lower case, and are no ids", () => {
  for (const name of ["a", "7b-chat", "x".repeat(63)]) expect(checkedName(name)).toBe(name);
  for (const name of ["", "x".repeat(64), "Chat", "a.b", "a b", "-a", "a\n", "endpt-1"]) {
    expect(refusal(() => checkedName(name)).param).toBe("name");
  }
});

test.each([
  ["Qwen/Qwen2.5-0.5B-Instruct", "qwen2-5-0-5b-instruct-ab12"],
  ["org/repo-GGUF:Q4_K_M", "q4-k-m-ab12"],
  ["file:///models/My Chat.gguf", "my-chat-ab12"],
  ["builtin:hypervize-demo", "hypervize-demo-ab12"],
  ["org/repo@main", "repo-ab12"],
  ["org/endpt-1", "model-ab12"],
  ["模型", "model-ab12"],
  [`org/${"x".repeat(200)}`, `${"x".repeat(48)}-ab12`],
])("%s is called %s", (model, name) => {
  expect(defaultName(model, "ab12")).toBe(name);
  expect(checkedName(name)).toBe(name);
});

test("only what runs makes other replicas; a failed one may fare better with other labels too", () => {
  const before = specWith({ env: { A: "1", B: "2" } });
  const same: Changes[] = [
    { max_replicas: 3, idle_timeout_s: null, cold_start: "fail", visibility: "team", task: "x" },
    { env: { B: "2", A: "1" } },
    {},
  ];
  for (const body of same) expect(runsOtherwise(before, merged(before, body))).toBe(false);
  const other: Changes[] = [
    ...[{ model: "m" }, { revision: "v2" }, { runtime: "vllm" as const }, { context: 512 }],
    ...[{ concurrency: 5 }, { gpu: { count: 2 } }, { env: {} }, { args: ["-x"] }],
  ];
  for (const body of other) expect(runsOtherwise(before, merged(before, body))).toBe(true);
  expect(runsOtherwise(before, merged(before, { labels: { a: "b" } }))).toBe(false);
  expect(mayHelp(before, merged(before, { labels: { a: "b" } }))).toBe(true);
  expect(mayHelp(before, merged(before, { max_replicas: 3 }))).toBe(false);
});

test("another model does not keep the commit of the one before", () => {
  const before = specWith({ model: "org/a", revision: "abc" });
  expect(changed(before, { model: "org/b" }).revision).toBeNull();
  expect(changed(before, { model: "org/b", revision: "v2" }).revision).toBe("v2");
  expect(changed(before, { context: 512 }).revision).toBe("abc");
});
