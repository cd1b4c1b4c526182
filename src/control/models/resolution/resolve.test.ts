import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import {
  ggufHeader,
  smallLlama,
  smallTensors,
} from "../../../../agent/contract/gguf/gguf.testbed.ts";
import { Failure } from "../../../shared/failure.ts";
import { type TestHub, test_commit, testHub } from "../../scheduler/sizing/hub.testbed.ts";
import { readLocalModel } from "../../scheduler/sizing/local-files.ts";
import { safetensors } from "../../scheduler/sizing/safetensors.testbed.ts";
import truth from "../../scheduler/sizing/truth.json";
import type { Asked } from "./artifact.ts";
import { h100, processors, specOf } from "./resolve.testbed.ts";
import { createResolver, type Resolved } from "./resolve.ts";
import { builtinFacts } from "./resolve-builtin.ts";

const gguf = ggufHeader(smallLlama, smallTensors);
const config = JSON.stringify(truth.configs["Qwen/Qwen3-0.6B"].config);
const demo = join(import.meta.dir, "../../../../agent/weights/demo/hypervize-demo.gguf");

const world = (): TestHub =>
  testHub({
    "org/m": { files: { "config.json": config, "model.safetensors": safetensors(1_000_000) } },
    "org/m-GGUF": { files: { "m-Q4_K_M.gguf": gguf, "m-Q8_0.gguf": gguf } },
    "org/gated": {
      files: { "config.json": config, "model.safetensors": safetensors(64) },
      token: "hf_right",
    },
    "org/odd-x": {
      files: { "config.json": "{}", "model.safetensors": "" },
      claims: { "model.safetensors": null },
    },
  });

async function resolved(
  over: Partial<Asked>,
  { token = "", hub }: { token?: string; hub?: TestHub | { dead: true } } = {},
): Promise<Resolved> {
  using own = world();
  const dead = {
    endpoint: "http://hub.invalid",
    timeout_ms: 1000,
    fetch: () => Promise.reject(new TypeError("x")),
  };
  const chosen = hub === undefined ? own : "dead" in hub ? dead : hub;
  const resolve = createResolver({ hub: chosen, readLocal: readLocalModel });
  return await resolve(specOf(over), token, [h100, processors]);
}

async function refusalOf(...args: Parameters<typeof resolved>): Promise<Failure> {
  const error = await resolved(...args).catch((reason: unknown) => reason);
  if (error instanceof Failure) return error;
  throw new Error(`no Failure but ${JSON.stringify(error)}`);
}

describe("a model of the hub", () => {
  test("of safetensors is pinned to its commit and runs on vllm", async () => {
    const { artifact, sizing, warnings } = await resolved({ model: "org/m" });
    expect(artifact).toMatchObject({
      runtime: "vllm",
      source: `hf:org/m@${test_commit}`,
      context_tokens: 32_768,
      model: { name: "org/m", source: "headers" },
    });
    expect(sizing).toMatchObject({ verdict: "fits", gpu: "H100-80", concurrency: 4 });
    expect(warnings).toEqual([]);
  });

  test("of GGUF files is pinned to the file too, and runs on llama-server", async () => {
    const { artifact } = await resolved({ model: "hf:org/m-GGUF:q8_0", revision: "v1" });
    expect(artifact).toMatchObject({
      runtime: "llama-server",
      source: `hf:org/m-GGUF@${test_commit}:m-Q8_0.gguf`,
      context_tokens: 8192,
      model: { precision: { name: "Q8_0" } },
    });
  });

  test("runs on the runtime that was asked for", async () => {
    expect((await resolved({ model: "org/m", runtime: "sglang" })).artifact.runtime).toBe("sglang");
  });

  test("that is gated opens with the right token", async () => {
    const { artifact } = await resolved({ model: "org/gated" }, { token: "hf_right" });
    expect(artifact.source).toBe(`hf:org/gated@${test_commit}`);
  });

  test("whose size nobody tells is taken, with a warning", async () => {
    using hub = world();
    hub.storage.fails = 503;
    const { artifact, sizing, warnings } = await resolved({ model: "org/odd-x" }, { hub });
    expect([artifact.model, sizing]).toEqual([null, null]);
    expect(warnings.at(-1)).toContain("The size of this model is unknown");
  });
});

test.each([
  [{ model: "org/none" }, "", "model_not_found", "model", "org/none, or it is private"],
  [{ model: "org/none" }, "hf_x", "model_not_found", "model", "that this `hf_token` may see"],
  [{ model: "org/m", revision: "v9" }, "", "model_not_found", "revision", 'no revision "v9"'],
  [{ model: "org/gated" }, "", "gated_model", "hf_token", "Accept its licence at http://"],
  [{ model: "org/gated" }, "hf_no", "gated_model", "hf_token", "may not read org/gated"],
  [{ model: "org/m-GGUF:Q2_K" }, "", "model_not_found", "model", "Available: Q4_K_M, Q8_0."],
  [
    { model: "org/m", runtime: "llama-server" },
    "",
    "unsupported_format",
    "runtime",
    "llama-server needs a GGUF file; org/m has only safetensors. Use runtime vllm, or a GGUF repository.",
  ],
  [
    { model: "org/m-GGUF", runtime: "vllm" },
    "",
    "unsupported_format",
    "runtime",
    "vllm needs safetensors",
  ],
  [
    { model: "org/m-GGUF", context: 8193 },
    "",
    "context_too_long",
    "context",
    "Ask for 8192 or less.",
  ],
  [
    { model: "builtin:hypervize-demo", runtime: "vllm" },
    "",
    "unsupported_format",
    "runtime",
    "Use runtime llama-server",
  ],
  [{ model: "builtin:other" }, "", "model_not_found", "model", "Available: hypervize-demo."],
  [
    { args: ["--host=0.0.0.0"] },
    "",
    null,
    "args",
    "The argument --host may not be set for llama-server: it listens or calls out",
  ],
  [{ env: { LD_PRELOAD: "/tmp/x.so" } }, "", null, "env", "The variable LD_PRELOAD may not be set"],
] as const)(
  "%j with the token %j is refused at once",
  async (over, token, code, param, message) => {
    const refusal = await refusalOf(over, { token });
    expect(refusal).toMatchObject({ status: 400, code, param });
    expect(refusal.message).toContain(message);
  },
);

describe("while the hub cannot be reached", () => {
  const hub = { dead: true } as const;

  test("a model is taken by its name, unpinned, with a warning", async () => {
    const { artifact, sizing, warnings } = await resolved(
      { model: "org/m-8B", revision: "v1" },
      { hub },
    );
    expect(artifact).toMatchObject({ runtime: "vllm", source: "hf:org/m-8B@v1" });
    expect(artifact.model?.source).toBe("name");
    expect(sizing?.verdict).toBe("fits");
    expect(warnings.join()).toContain("could not be looked up at http://hub.invalid");
  });

  test.each(["org/m-8B-GGUF", "org/m-8B:Q4_K_M"])(
    "%s is known to be for llama-server",
    async (model) => {
      const { artifact } = await resolved({ model }, { hub });
      expect(artifact).toMatchObject({ runtime: "llama-server", source: `hf:${model}` });
      expect(artifact.model?.precision.name).toBe("Q4_K_M");
    },
  );
});

describe("the built-in model", () => {
  test("is known without a file, by what its file says", async () => {
    const read = await readLocalModel(demo);
    expect(builtinFacts("hypervize-demo")).toEqual(read ?? {});
  });

  test("runs on llama-server with its own context", async () => {
    const { artifact, sizing } = await resolved({ gpu: { type: "cpu", count: null } });
    expect(artifact).toMatchObject({
      runtime: "llama-server",
      source: "builtin:hypervize-demo",
      context_tokens: 8192,
    });
    expect(sizing).toMatchObject({ verdict: "fits", gpu: "cpu" });
  });
});

describe("a path", () => {
  test("of a GGUF file that lies here too is read", async () => {
    const { artifact, warnings } = await resolved({ model: `file://${demo}` });
    expect(artifact).toMatchObject({ runtime: "llama-server", source: `file://${demo}` });
    expect(artifact.model?.weights_bytes).toBe(3_866_496);
    expect(warnings).toEqual([]);
  });

  test("is answered alike whether it is missing, a folder of other things or no model", async () => {
    const answers = ["/none/at/all", import.meta.dir, import.meta.path, "/proc/self"].map(
      async (path) => {
        const { warnings, artifact } = await resolved({ model: `file://${path}` });
        expect(artifact.source).toBe(`file://${path}`);
        return warnings.map((warning) => warning.replace(path, "PATH"));
      },
    );
    const [first, ...others] = await Promise.all(answers);
    expect(first?.[0]).toStartWith(
      "PATH cannot be read here; the hosts will look for it themselves.",
    );
    for (const other of others) expect(other).toEqual(first ?? []);
  });

  test.each([
    "file:///a/../b.gguf",
    "file://host/x.gguf",
    "file:/x.gguf",
    "file:///a.gguf?x",
    "file:///a%2e.gguf",
    "file://",
    "FILE:///x",
    "file:///a\nb",
  ])("%j is not plain", async (model) => {
    expect(await refusalOf({ model })).toMatchObject({ status: 400, param: "model" });
  });

  test.each([
    ["file:///m.gguf", "vllm", "this is a GGUF file"],
    ["file:///models/m", "llama-server", "name the .gguf file itself"],
  ] as const)("%s does not run on %s", async (model, runtime, message) => {
    expect((await refusalOf({ model, runtime })).message).toContain(message);
  });
});

test.each(["", "gpt2", "a/b/c", "https://huggingface.co/o/r", "org/m@x y", "builtin:"])(
  "%j names no model",
  async (model) => {
    expect(await refusalOf({ model })).toMatchObject({ status: 400, param: "model" });
  },
);

test("a revision that is none, or another than in the name, is refused", async () => {
  expect(await refusalOf({ model: "org/m", revision: "../x" })).toMatchObject({
    param: "revision",
  });
  expect(await refusalOf({ model: "org/m@v1", revision: "v2" })).toMatchObject({
    param: "revision",
  });
});
