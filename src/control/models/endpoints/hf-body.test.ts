import { expect, test } from "bun:test";
import type { Failure } from "../../../shared/failure.ts";
import { fromHfBody, isHfBody } from "./hf-body.ts";

/** As `create_inference_endpoint` of huggingface_hub sends it, with every field that it can have. */
const sent = {
  accountId: null,
  compute: {
    accelerator: "gpu",
    instanceSize: "x2",
    instanceType: "nvidia-a10g",
    scaling: {
      maxReplica: 3,
      minReplica: 0,
      scaleToZeroTimeout: 15,
      measure: { pendingRequests: 1.5 },
    },
  },
  model: {
    framework: "pytorch",
    repository: "HuggingFaceH4/zephyr-7b-beta",
    revision: "0123abc",
    image: { huggingface: {} },
    task: "text-generation",
    args: ["--max-num-seqs", "64"],
    env: { MAX_INPUT_LENGTH: "1024" },
    secrets: { HF_TOKEN: "hf_secret" },
  },
  name: "aws-zephyr-7b-beta-0486",
  provider: { region: "us-east-1", vendor: "aws" },
  type: "authenticated",
  route: { domain: "example.org" },
  cacheHttpResponses: false,
  tags: ["dev"],
};

const ours = (model: object, rest: object = {}) =>
  fromHfBody({ ...sent, model: { repository: "org/m", framework: "pytorch", ...model }, ...rest });

test("what huggingface_hub sends becomes our body, in seconds and with our words", () => {
  expect(isHfBody(sent)).toBe(true);
  expect(fromHfBody(sent)).toEqual({
    name: "aws-zephyr-7b-beta-0486",
    model: "HuggingFaceH4/zephyr-7b-beta",
    revision: "0123abc",
    task: "text-generation",
    runtime: "auto",
    visibility: "team",
    hf_token: "hf_secret",
    env: { MAX_INPUT_LENGTH: "1024" },
    args: ["--max-num-seqs", "64"],
    gpu: { count: 2 },
    min_replicas: 0,
    max_replicas: 3,
    idle_timeout_s: 900,
  });
});

test("our own body is not taken for one", () => {
  for (const body of [{ model: "org/m" }, {}, null, [], "model"])
    expect(isHfBody(body)).toBe(false);
});

test("what it sends as null was not said", () => {
  const body = ours(
    { revision: null },
    { compute: { accelerator: "cpu", instanceSize: "x8", scaling: { scaleToZeroTimeout: null } } },
  );
  expect(body).not.toHaveProperty("revision");
  expect(body).not.toHaveProperty("idle_timeout_s");
  expect(body["gpu"]).toEqual({ type: "cpu" });
});

test.each([
  [{ framework: "custom" }, "auto"],
  [{ framework: "llamacpp" }, "llama-server"],
  [{ image: { vLLM: { url: "vllm/vllm-openai:v0.23.0", port: 8000 } } }, "vllm"],
  [{ image: { sGLang: { url: "lmsysorg/sglang" } } }, "sglang"],
  [{ image: { llamacpp: {} } }, "llama-server"],
  [{ image: { tgi: {} } }, "auto"],
])("%j runs on %s", (model, runtime) => {
  expect(ours(model)["runtime"]).toBe(runtime);
});

test("llama.cpp's file, context and slots are ours, with the context of one request", () => {
  const llamacpp = { modelPath: "q4.gguf", ctxSize: 16_384, nParallel: 4 };
  expect(ours({ framework: "llamacpp", image: { llamacpp } })).toMatchObject({
    model: "org/m:q4.gguf",
    runtime: "llama-server",
    context: 4096,
    concurrency: 4,
  });
});

test.each([
  ["public", "public"],
  ["authenticated", "team"],
  ["protected", "team"],
  ["private", "private"],
])("type %s is visibility %s", (type, visibility) => {
  expect(ours({}, { type })["visibility"]).toBe(visibility);
});

test.each([
  ["type", ours.bind(null, {}, { type: "secret" })],
  ["compute", ours.bind(null, {}, { compute: "gpu" })],
  ["compute.scaling", ours.bind(null, {}, { compute: { scaling: 1 } })],
  ["compute.accelerator", ours.bind(null, {}, { compute: { accelerator: "neuron" } })],
  [
    "compute.instanceSize",
    ours.bind(null, {}, { compute: { accelerator: "gpu", instanceSize: "large" } }),
  ],
  ["model.image", ours.bind(null, { image: "vllm" })],
  ["model.command", ours.bind(null, { command: ["sh"] })],
  ["model.secrets", ours.bind(null, { secrets: { MY_SECRET_KEY: "hunter2" } })],
])("what cannot be meant here is refused by a sentence that names %s", (field, act) => {
  try {
    act();
    expect("It was accepted.").toBe("");
  } catch (error) {
    const { status, param, message } = error as Failure;
    expect([status, param]).toEqual([400, field]);
    expect(message).not.toContain("hunter2");
  }
});

test.each([
  [{ context_tokens: 2048 }, { context_tokens: 2048 }],
  [
    { context: 2048, slots: 2 },
    { context: 2048, slots: 2 },
  ],
  [{ n_slots: 2 }, { n_slots: 2 }],
])("our own %j beside their fields counts", (said, meant) => {
  expect(ours({}, said)).toMatchObject(meant);
});

test("our fields and those of llama.cpp may say the same, and are refused when they do not", () => {
  const llamacpp = (image: object) => ({ image: { llamacpp: image } });
  expect(
    ours(llamacpp({ ctxSize: 8192, nParallel: 4 }), { context: 2048, slots: 4 }),
  ).toMatchObject({ context: 2048, slots: 4 });
  expect(ours(llamacpp({ ctxSize: 8192 }), { slots: 4 })).toMatchObject({
    context: 2048,
    slots: 4,
  });
  expect(() => ours(llamacpp({ ctxSize: 8192 }), { context_tokens: 4096 })).toThrow(
    "`context_tokens` and `model.image.llamacpp.ctxSize`",
  );
  expect(() => ours(llamacpp({ nParallel: 4 }), { concurrency: 2 })).toThrow(
    "`concurrency` and `model.image.llamacpp.nParallel`",
  );
});
