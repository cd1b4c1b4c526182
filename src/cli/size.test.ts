import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ggufHeader, smallLlama, smallTensors } from "../../agent/contract/gguf/gguf.testbed.ts";
import { S3Testbed } from "../../agent/contract/s3/s3.testbed.ts";
import { testHub } from "../control/scheduler/sizing/hub.testbed.ts";
import { safetensors } from "../control/scheduler/sizing/safetensors.testbed.ts";
import truth from "../control/scheduler/sizing/truth.json";
import { read, UsageError } from "./command.ts";
import { sizeCommand } from "./size.ts";

const root = mkdtempSync(join(tmpdir(), "size-"));
afterAll(() => rmSync(root, { recursive: true }));
const config = join(root, "config.json");
await Bun.write(config, JSON.stringify(truth.configs["Qwen/Qwen3-32B"].config));

const hub = testHub({
  "org/m": { files: { "model.safetensors": safetensors(2048) }, token: "hf_test" },
});
const own = { ...process.env };
Object.assign(process.env, { HF_ENDPOINT: hub.endpoint, HF_TOKEN: "hf_test" });
afterAll(() => {
  hub[Symbol.dispose]();
  for (const name of ["HF_ENDPOINT", "HF_TOKEN"]) delete process.env[name];
  Object.assign(process.env, own);
});

/** What the command prints. */
async function printed(...argv: string[]): Promise<string> {
  const lines: string[] = [];
  const out = (line: string): void => void lines.push(line);
  const code = await sizeCommand.run(read(sizeCommand, argv), {
    out,
    err: out,
    stop: new AbortController().signal,
  });
  expect(code).toBe(0);
  return lines.join("\n");
}

test("a config is sized without an appliance, as JSON", async () => {
  const text = await printed(
    "Qwen/Qwen3-32B",
    "--config",
    config,
    "--gpus",
    "1",
    "--context",
    "32000",
    "--json",
  );
  expect(JSON.parse(text)).toMatchObject({
    verdict: "fits_smaller",
    gpus: 1,
    tensor_parallel: 1,
    kv_bytes_per_token: 262_144,
    source: "name",
  });
});

test("without --json the words come first and the bytes below", async () => {
  const text = await printed(
    "--config",
    config,
    "--gpu",
    "h200",
    "--concurrency",
    "3",
    "--dtype",
    "fp8",
  );
  expect(text).toStartWith("This model (fp8) fits on 1 × H200-141");
  expect(text).toMatch(/\nverdict +fits\n/);
});

test("a GGUF file is sized by its header and called by its name", async () => {
  const file = join(root, "tiny-Q4_K_M.gguf");
  await Bun.write(file, ggufHeader(smallLlama, smallTensors));
  expect(JSON.parse(await printed(file, "--json")).source).toBe("headers");
  expect(await printed(file)).toStartWith("tiny-Q4_K_M.gguf (Q4_K_M) fits");
});

test("a model of the hub is sized by its files, with the token of the environment", async () => {
  const sizing = JSON.parse(await printed("org/m", "--json"));
  expect(sizing).toMatchObject({ source: "headers", weights_bytes_per_gpu: 2048 });
});

test("offline, and with a config, nobody asks the hub", async () => {
  const before = hub.asked.length;
  await printed("org/model-8B", "--offline");
  await printed("org/m", "--config", config);
  expect(hub.asked).toHaveLength(before);
});

test("a name alone is a guess, and the answer says so", async () => {
  const text = await printed("org/model-70B-FP8", "--utilization", "0.95");
  expect(text).toContain("guessed from the size");
  expect(text).toContain("Its own files were not read");
});

test.each([
  [[], "A MODEL is needed"],
  [["a-7B", "b-7B"], "One MODEL at a time"],
  [["a-7B", "--gpu", "H1000"], "`gpu` is one of"],
  [["a-7B", "--dtype", "fp7"], "`dtype` is one of"],
  [["a-7B", "--utilization", "all"], "`utilization` is more than 0"],
  [["a-7B", "--gpus", "0"], "--gpus takes a whole number"],
])("%j is a usage error", async (argv, message) => {
  const error = await printed(...argv).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UsageError);
  expect((error as Error).message).toContain(message);
});

test.each([
  [["a-7B", "--config", join(root, "none.json")], "There is no file"],
  [["org/unknown"], "The size of"],
  [[mkdtempSync(join(root, "empty-"))], "holds no"],
])("%j fails with what to do", async (argv, message) => {
  const error = await printed(...argv).catch((e: unknown) => e);
  expect(error).not.toBeInstanceOf(UsageError);
  expect((error as Error).message).toContain(message);
});

test("a model in S3 is read with the keys of the environment, or says which are missing", async () => {
  const bed = await S3Testbed.start({ "m/model.safetensors": Buffer.from(safetensors(4096)) });
  await expect(printed("s3://models/m")).rejects.toThrow("set AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID");
  const { access_key_id, secret_access_key } = bed.access();
  const keys = {
    AWS_ENDPOINT_URL: bed.url,
    AWS_ACCESS_KEY_ID: access_key_id,
    AWS_SECRET_ACCESS_KEY: secret_access_key,
  };
  Object.assign(process.env, keys, { AWS_CA_BUNDLE: "" });
  try {
    expect(await printed("s3://models/m", "--json")).toContain('"weights_bytes_per_gpu": 4096');
    process.env["AWS_CA_BUNDLE"] = join(root, "none.pem");
    await expect(printed("s3://models/m")).rejects.toThrow("AWS_CA_BUNDLE names");
  } finally {
    delete process.env["AWS_CA_BUNDLE"];
    for (const name of Object.keys(keys)) delete process.env[name];
    await bed.stop();
  }
});
