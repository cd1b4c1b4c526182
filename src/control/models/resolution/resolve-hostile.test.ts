/** Whatever somebody uploads to a hub, resolving ends with sane numbers or a 400. */
import { expect, test } from "bun:test";
import { Failure } from "../../../shared/failure.ts";
import { testHub } from "../../scheduler/sizing/hub.testbed.ts";
import { safetensors } from "../../scheduler/sizing/safetensors.testbed.ts";
import truth from "../../scheduler/sizing/truth.json";
import { h100, rtx4090, specOf } from "./resolve.testbed.ts";
import { createResolver } from "./resolve.ts";

const odd: readonly unknown[] = [
  ...[null, true, -1, 0, 0.5, 2 ** 53, 1e300, "", "8", "x".repeat(10_000)],
  ...[[], [null], {}, { "": {} }, { hidden_size: 1 }],
];

/** Numbers of a sizing must be whole, and a context one that a runtime takes. */
async function check(config: string, weights: Uint8Array | string): Promise<void> {
  using hub = testHub({
    "org/m": { files: { "config.json": config, "model.safetensors": weights } },
  });
  const resolve = createResolver({ hub, readLocal: () => Promise.resolve(undefined) });
  try {
    const { artifact, sizing } = await resolve(specOf({ model: "org/m" }), "", [h100, rtx4090]);
    expect(artifact.context_tokens).toBeWithin(1, 32_769);
    for (const [field, value] of Object.entries(sizing ?? {})) {
      if (typeof value === "number")
        expect([field, Number.isSafeInteger(value)]).toEqual([field, true]);
    }
    expect(() => JSON.parse(JSON.stringify(artifact))).not.toThrow();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(error.status).toBe(400);
  }
}

const tried = ["Qwen/Qwen3-0.6B", "deepseek-ai/DeepSeek-V3", "openai/gpt-oss-20b"];
const configs = Object.entries(truth.configs).filter(([name]) => tried.includes(name));

test.each(configs.map(([name, { config }]) => [name, config] as const))(
  "every field of the config of %s may be anything",
  async (_, config) => {
    const weights = safetensors(1_000_000);
    for (const field of Object.keys(config)) {
      for (const value of odd) await check(JSON.stringify({ ...config, [field]: value }), weights);
    }
  },
);

test.each([
  "null",
  "[]",
  "1",
  '""',
  "{",
  "",
  "\0",
  "{}",
  "[".repeat(100_000),
  `{"a":${"9".repeat(9999)}}`,
])("a config may be %p", async (config) => check(config.slice(0, 200_000), safetensors(64)));

test.each([
  '{"t":{"data_offsets":[0,9007199254740991]}}',
  '{"t":{"data_offsets":[0,9007199254740991]},"u":{"data_offsets":[0,9007199254740991]}}',
  '{"t":{"data_offsets":[5,1]}}',
  '{"t":{"data_offsets":[0,1e999]}}',
  '{"t":{"data_offsets":["0","1"]}}',
  '{"__proto__":{"data_offsets":[0,1]}}',
  "{}",
])("a header may claim %s", async (header) => {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  const weights = Buffer.concat([length, Buffer.from(header)]);
  await check(JSON.stringify(truth.configs["Qwen/Qwen3-0.6B"].config), weights);
  await check("{}", weights);
});
