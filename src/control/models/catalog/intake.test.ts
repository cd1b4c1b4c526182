/** From bodies to entries, with the real resolver over a hub on loopback and a fleet of paper. */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import {
  ggufHeader,
  smallLlama,
  smallTensors,
} from "../../../../agent/contract/gguf/gguf.testbed.ts";
import type { Failure } from "../../../shared/failure.ts";
import type { DryRun } from "../../scheduler/placement/dry-run.ts";
import { type TestHub, test_commit, testHub } from "../../scheduler/sizing/hub.testbed.ts";
import { safetensors } from "../../scheduler/sizing/safetensors.testbed.ts";
import truth from "../../scheduler/sizing/truth.json";
import { openDatabase } from "../../storage/database.ts";
import { h100, processors } from "../resolution/resolve.testbed.ts";
import { createResolver } from "../resolution/resolve.ts";
import { catalogIn, newModel } from "./catalog.testbed.ts";
import type { Catalog } from "./catalog.ts";
import { createIntake, type Intake } from "./intake.ts";

const gguf = ggufHeader(smallLlama, smallTensors);
const config = JSON.stringify(truth.configs["Qwen/Qwen3-0.6B"].config);
const fits: DryRun = { placement: null, refused: null, would_stop: [] };

let hub: TestHub;
let catalog: Catalog;
let intake: Intake;
let answer: DryRun;
let now: number;

beforeAll(() => {
  hub = testHub({
    "org/m": { files: { "config.json": config, "model.safetensors": safetensors(1_000_000) } },
    "org/m-GGUF": { files: { "m-Q4_K_M.gguf": gguf, "m-Q8_0.gguf": gguf } },
    "org/two": { files: { "m-Q6_K.gguf": gguf, "m-Q8_0.gguf": gguf } },
    "org/gated": { files: { "g-Q4_K_M.gguf": gguf }, token: "hf_right" },
  });
});
afterAll(() => hub[Symbol.dispose]());
beforeEach(() => {
  now = 1000;
  answer = fits;
  catalog = catalogIn(openDatabase(":memory:"), () => now);
  intake = createIntake({
    catalog,
    resolve: createResolver({ hub, readLocal: () => Promise.resolve(undefined) }),
    kinds: () => [h100, processors],
    dryRun: () => answer,
  });
});

const pinned = (word: string) => `hf:org/m-GGUF@${test_commit}:${word}`;

async function refused(act: Promise<unknown>): Promise<Failure> {
  const error = await act.then(
    () => undefined,
    (failure: Failure) => failure,
  );
  if (!error) throw new Error("It was not refused.");
  return error;
}

test("a quant of a repository is pinned to its commit and file, with a context for shared hosts", async () => {
  const model = await intake.add({ name: "llama", model: "org/m-GGUF:Q8_0" });
  expect(model).toMatchObject({
    name: "llama",
    source: pinned("m-Q8_0.gguf"),
    runtime: "llama-server",
    context_tokens: Math.min(8192, model.model_facts?.facts.context_max ?? 0),
    asked: { source: "org/m-GGUF:Q8_0", runtime: "auto", context_tokens: null },
  });
  expect(model.model_facts).not.toBeNull();
});

test("safetensors go to vLLM, which has its GPUs alone and takes what fits", async () => {
  const model = await intake.add({ source: "hf:org/m" });
  expect(model).toMatchObject({
    name: "m",
    source: `hf:org/m@${test_commit}`,
    runtime: "vllm",
    context_tokens: 32_768,
  });
});

test("a folder of the hosts goes to vLLM or SGLang, and a file that nobody sees here stays as it was", async () => {
  const folder = { name: "f", source: "file:///models/llama" };
  expect((await intake.add(folder)).runtime).toBe("vllm");
  expect((await intake.add({ ...folder, name: "s", runtime: "sglang" })).runtime).toBe("sglang");
  expect(await intake.add({ source: "file:///models/m.gguf" })).toMatchObject({
    runtime: "llama-server",
    context_tokens: 4096,
    model_facts: null,
  });
});

test.each([
  [
    "what is not there",
    { source: "org/none" },
    "source",
    "model_not_found",
    "has no model org/none",
  ],
  ["a gated one", { source: "org/gated" }, "hf_token", "gated_model", "is gated or private"],
  ["several quants", { source: "org/two" }, "source", "model_not_found", "has several GGUF files"],
  ["an unknown quant", { source: "org/two:Q2_K" }, "source", "model_not_found", "names no single"],
  [
    "a wrong engine",
    { source: "org/m", runtime: "llama-server" },
    "runtime",
    "unsupported_format",
    "needs a GGUF file",
  ],
  [
    "too long a context",
    { source: "org/m", context_tokens: 1_000_000 },
    "context_tokens",
    "context_too_long",
    "`context_tokens` asks for 1000000",
  ],
  ["an unknown builtin", { source: "builtin:x" }, "source", "model_not_found", "is built in"],
] as const)(
  "%s is refused in the words that endpoints get",
  async (_, body, param, code, words) => {
    const failure = await refused(intake.add({ name: "x", ...body }));
    expect(failure).toMatchObject({ status: 400, param, code });
    expect(failure.message).toContain(words);
    expect(catalog.list()).toEqual([]);
  },
);

test("what no host could ever take is refused with the nearest that would fit; one that is busy is not", async () => {
  const never = { refused: "never" as const, detail: "It is too large.", nearest: "Ask for less." };
  answer = { ...fits, refused: never };
  const failure = await refused(intake.add({ source: "org/m" }));
  expect(failure).toMatchObject({
    code: "no_capacity",
    param: "source",
    message: "It is too large. Ask for less.",
  });
  answer = { ...fits, refused: { ...never, refused: "busy" } };
  expect((await intake.add({ source: "org/m" })).name).toBe("m");
});

test("a token is used, kept sealed and shown to nobody", async () => {
  const model = await intake.add({ source: "org/gated", hf_token: "hf_right" });
  expect(catalog.tokenOf(model.id)).toBe("hf_right");
  expect(JSON.stringify(model)).not.toContain("hf_right");
  expect((await refused(intake.change(model.id, { hf_token: "hf_wrong" }))).message).toContain(
    "may not read org/gated",
  );
  expect(catalog.tokenOf(model.id)).toBe("hf_right");
});

test("another size keeps the weights and asks no hub, and failed replicas may try again", async () => {
  const before = await intake.add({ source: "org/m-GGUF:Q8_0" });
  const asked = hub.asked.length;
  now = 2000;
  const after = await intake.change(before.name, { slots: 2, context_tokens: 512 });
  expect(after).toMatchObject({ source: before.source, slots: 2, context_tokens: 512 });
  expect([after.changed_at, hub.asked.length]).toEqual([2000, asked]);
  expect((await refused(intake.change(before.name, { context_tokens: 999_999 }))).param).toBe(
    "context_tokens",
  );
});

test("naming the source again, or another, looks it up; a new name and a new count do not", async () => {
  const { id } = await intake.add({ source: "org/m-GGUF:Q8_0" });
  const asked = hub.asked.length;
  now = 2000;
  const renamed = await intake.change(id, { name: "other", replicas: 3, enabled: false });
  expect([renamed.changed_at, hub.asked.length]).toEqual([1000, asked]);
  const same = await intake.change(id, { source: "org/m-GGUF:Q8_0" });
  expect(hub.asked.length).toBeGreaterThan(asked);
  expect(same.source).toBe(pinned("m-Q8_0.gguf"));
  expect((await intake.change(id, { source: "org/m-GGUF:Q4_K_M" })).source).toBe(
    pinned("m-Q4_K_M.gguf"),
  );
  now = 3000;
  expect((await intake.change(id, { enabled: true })).changed_at).toBe(3000);
});

test("who comes second while the hub is asked is told so, and changes nothing", async () => {
  const { id } = await intake.add({ source: "org/m-GGUF:Q8_0" });
  const slow = refused(intake.change(id, { source: "org/m-GGUF:Q4_K_M" }));
  await intake.change(id, { replicas: 2 });
  expect(await slow).toMatchObject({ status: 409, code: "model_changed" });
  expect(catalog.existing(id)).toMatchObject({ replicas: 2, source: pinned("m-Q8_0.gguf") });
});

test("an older entry keeps its context when its size is changed", async () => {
  catalog.create(newModel({ name: "old", source: "builtin:hypervize-demo" }));
  expect(await intake.change("old", { slots: 8 })).toMatchObject({
    slots: 8,
    context_tokens: 4096,
    source: "builtin:hypervize-demo",
  });
});

test("a forecast writes nothing down", async () => {
  const view = await intake.forecast({ source: "org/m" });
  expect(view.sizing?.context).toBe(32_768);
  expect(catalog.list()).toEqual([]);
});
