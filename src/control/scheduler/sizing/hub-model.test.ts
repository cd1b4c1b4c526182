import { describe, expect, test } from "bun:test";
import {
  ggufHeader,
  type Pair,
  small_tensors_bytes,
  smallLlama,
  smallTensors,
} from "../../../../agent/contract/gguf/gguf.testbed.ts";
import { parseHubSource } from "../../../../agent/contract/gguf/hub-source.ts";
import { Failure } from "../../../shared/failure.ts";
import { type TestRepository, test_commit, testHub } from "./hub.testbed.ts";
import { readHubModel } from "./hub-model.ts";
import { headerLengthOf, safetensors } from "./safetensors.testbed.ts";
import truth from "./truth.json";

const config = JSON.stringify(truth.configs["Qwen/Qwen3-0.6B"].config);
const gguf = ggufHeader(smallLlama, smallTensors);

interface World extends Omit<TestRepository, "files"> {
  runtime?: string;
  word?: string;
  /** How the storage fails. */
  fails?: number;
}

async function read(files: TestRepository["files"], { runtime, word, fails, ...rest }: World = {}) {
  using hub = testHub({ "org/m": { files, ...rest } });
  if (fails) hub.storage.fails = fails;
  const source = parseHubSource(`org/m${word === undefined ? "" : `:${word}`}`);
  if (!source) throw new Error("no source");
  const signal = new AbortController().signal;
  const reading = await readHubModel(hub, source, { runtime: runtime ?? null, token: "", signal });
  return { ...reading, sent: hub.sent() };
}

async function refusalOf(...args: Parameters<typeof read>): Promise<Failure> {
  const error = await read(...args).catch((reason: unknown) => reason);
  if (error instanceof Failure) return error;
  throw new Error(`no Failure but ${JSON.stringify(error)}`);
}

describe("a repository of safetensors", () => {
  test("gives config and weights from the headers of all shards", async () => {
    const shards = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [
        `model-${i}.safetensors`,
        safetensors(1000, 24 + 2 * i),
      ]),
    );
    const bytes = Array.from({ length: 40 }, (_, i) => 1024 + 2 * i).reduce((a, b) => a + b);
    const reading = await read({ "config.json": config, "onnx/model.safetensors": "x", ...shards });
    expect(reading).toMatchObject({ format: "safetensors", file: null, commit: test_commit });
    expect(reading.facts.weights).toEqual({ bytes, source: "headers" });
    expect(reading.facts.config?.facts.hidden).toBe(1024);
    expect(reading.warnings).toEqual([]);
  });

  test("is weighed by its files where a header is too long to read", async () => {
    const long = Buffer.concat([headerLengthOf(90_000_000), Buffer.alloc(200_000)]);
    const reading = await read(
      { "config.json": config, "model.safetensors": long },
      { claims: { "model.safetensors": 1_200_000_000 } },
    );
    expect(reading.facts.weights).toEqual({ bytes: 1_200_000_000, source: "index" });
    expect(reading.warnings.join()).toContain("headers are longer than is read");
    expect(reading.sent).toBeLessThan(100_000);
  });

  test("is weighed by its files where they do not come", async () => {
    const reading = await read(
      { "config.json": config, "model.safetensors": safetensors(64) },
      { fails: 503, claims: { "model.safetensors": 9_000_000 } },
    );
    expect(reading.facts).toEqual({ weights: { bytes: 9_000_000, source: "index" } });
    expect(reading.warnings).toHaveLength(2);
  });

  test("may have a config that is not understood", async () => {
    const reading = await read({
      "config.json": '{"model_type":"whisper"}',
      "model.safetensors": safetensors(64),
    });
    expect(reading.facts).toEqual({ weights: { bytes: 64, source: "headers" } });
    expect(reading.warnings.join()).toContain("could not be read");
  });

  test.each([
    ["config.json", { "config.json": "{", "model.safetensors": safetensors(64) }],
    ["config.json", { "config.json": "", "model.safetensors": safetensors(64) }],
    ["model.safetensors", { "model.safetensors": Buffer.alloc(16, 0xff) }],
    ["model.safetensors", { "model.safetensors": "<html>not found</html>" }],
    ["model.safetensors", { "model.safetensors": safetensors(64).subarray(0, 40) }],
    [
      "model.safetensors",
      { "model.safetensors": Buffer.concat([headerLengthOf(2), Buffer.from("[]")]) },
    ],
    [
      "model.safetensors.index.json",
      { "model.safetensors.index.json": "[]", "model.safetensors": safetensors(2) },
    ],
  ])("is refused when its %s is broken: %#", async (name, files) => {
    const refusal = await refusalOf(files);
    expect(refusal).toMatchObject({ status: 400, code: "unreadable_file", param: "model" });
    expect(refusal.message).toStartWith(`${name} cannot be read: `);
  });
});

describe("a repository of GGUF files", () => {
  test("gives the facts of the chosen one, with all its parts", async () => {
    const reading = await read({
      "m-Q8_0.gguf": "never read",
      "Q4/m-Q4_K_M-00001-of-00002.gguf": gguf,
      "Q4/m-Q4_K_M-00002-of-00002.gguf": ggufHeader([], smallTensors),
    });
    expect(reading).toMatchObject({ format: "gguf", file: "Q4/m-Q4_K_M-00001-of-00002.gguf" });
    expect(reading.facts.weights).toEqual({ bytes: 2 * small_tensors_bytes, source: "headers" });
    expect(reading.facts.facts?.context_max).toBe(8192);
  });

  test("is read over several ranges when its tokenizer is long", async () => {
    const tokens: Pair = [
      "tokenizer.ggml.tokens",
      Array.from({ length: 150_000 }, (_, i) => `token${i}`),
    ];
    const { facts } = await read({ "m.gguf": ggufHeader([...smallLlama, tokens], smallTensors) });
    expect(facts.facts?.vocab).toBe(150_000);
  });

  test.each([
    ["of a version that we do not know", ggufHeader(smallLlama, smallTensors, 4)],
    [
      "with tensors of a type that we do not know",
      ggufHeader(smallLlama, [{ name: "t", shape: [256], type: 999 }]),
    ],
    [
      "of an architecture without the usual keys",
      ggufHeader([["general.architecture", "new"]], smallTensors),
    ],
  ])("is weighed by its size when it is %s", async (_, bytes) => {
    const reading = await read({ "m.gguf": bytes });
    expect(reading.facts).toEqual({ weights: { bytes: bytes.byteLength, source: "index" } });
    expect(reading.warnings).toHaveLength(1);
  });

  test("is weighed by its size when its header claims to go on for ever", async () => {
    const endless = Buffer.from(gguf);
    // The length of the first key.
    endless.writeBigUInt64LE(2n ** 40n, 24);
    const reading = await read(
      { "m.gguf": Buffer.concat([endless, Buffer.alloc(17 * 2 ** 20)]) },
      { claims: { "m.gguf": 5_000_000_000 } },
    );
    expect(reading.facts).toEqual({ weights: { bytes: 5_000_000_000, source: "index" } });
  });

  test("is refused when it is none", async () => {
    const refusal = await refusalOf({ "m.gguf": "version https://git-lfs.github.com/spec/v1" });
    expect(refusal.message).toBe(
      "m.gguf cannot be read: it does not start with GGUF. Check that it is whole.",
    );
  });
});

const both = { "m-Q4_K_M.gguf": gguf, "m-Q8_0.gguf": gguf, "model.safetensors": safetensors(64) };
const quants = { "m-Q5_K_M.gguf": gguf, "m-Q8_0.gguf": gguf };

test("what is run of a repository with both goes by the runtime, and by the word behind its name", async () => {
  expect((await read(both)).format).toBe("safetensors");
  expect((await read(both, { runtime: "sglang" })).format).toBe("safetensors");
  expect((await read(both, { runtime: "llama-server" })).file).toBe("m-Q4_K_M.gguf");
  expect((await read(both, { word: "q8_0" })).file).toBe("m-Q8_0.gguf");
});

test.each([
  [
    { "m.safetensors": safetensors(2) },
    { runtime: "llama-server" },
    "llama-server needs a GGUF file; org/m has only safetensors. Use runtime vllm, or a GGUF repository.",
  ],
  [{ "m.safetensors": safetensors(2) }, { word: "Q4_K_M" }, "llama-server needs a GGUF file"],
  [quants, { runtime: "vllm" }, "vllm needs safetensors; org/m has only GGUF files."],
  [both, { runtime: "vllm", word: "Q8_0" }, 'vllm takes a whole repository, not "Q8_0" of it.'],
  [{ "pytorch_model.bin": "x" }, {}, "org/m has neither safetensors nor a GGUF file"],
  [
    quants,
    {},
    "org/m has several GGUF files. Name one after a colon, as in org/m:Q5_K_M. Available: Q5_K_M, Q8_0.",
  ],
  [quants, { word: "Q2_K" }, '"Q2_K" names no single GGUF file of org/m. Available: Q5_K_M, Q8_0.'],
  [{ "m-00001-of-00002.gguf": gguf }, {}, "none whole"],
])("what cannot run is refused with what can: %#", async (files, world, message) => {
  expect((await refusalOf(files, world)).message).toContain(message);
});

test("no header, however it is cut or filled, does more than be refused or not understood", async () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % below;
  };
  const originals = { "m.gguf": gguf, "m.safetensors": safetensors(64, 128) };
  for (let round = 0; round < 150; round++) {
    for (const [name, original] of Object.entries(originals)) {
      const bytes = Buffer.from(original).subarray(0, 1 + random(original.byteLength));
      for (let i = 0; i < 3; i++) bytes[random(bytes.byteLength)] = random(256);
      const outcome = await read({ [name]: bytes }).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toMatchObject({ name: "Failure", status: 400 });
      else expect(outcome).toHaveProperty("facts");
    }
  }
});
