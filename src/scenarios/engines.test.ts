/** Dedicated endpoints on vLLM and SGLang: the control plane, the agent and placement are real, the engines stand-ins. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { FakeSmi } from "../../agent/hardware/fake-smi.testbed.ts";
import { EngineEnvironment } from "../../agent/runtimes/fakes/environment.testbed.ts";
import { Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { EndpointClient } from "./endpoint-client.ts";

const pair = new URL("../../agent/hardware/samples/h200-pair.csv", import.meta.url);
const testbed = new Testbed();
const smi = new FakeSmi(readFileSync(pair, "utf8"));
const environment = new EngineEnvironment({ vllm: "0.30.0", sglang: "0.5.5" });
let appliance: ApplianceProcess;

beforeAll(async () => {
  appliance = await ApplianceProcess.create(testbed);
  const path = `PATH=${environment.bin}:${dirname(smi.path)}:${process.env["PATH"]}`;
  await appliance.addAgent(testbed.folder(), ["env", path]);
}, 60_000);
afterAll(async () => {
  await testbed.end();
  environment.end();
  smi.end();
}, 30_000);

const body = () => ({
  model: `file://${environment.model}`,
  context: 4096,
  concurrency: 2,
  min_replicas: 1,
  max_replicas: 1,
});

test.each(["vllm", "sglang"])(
  "a folder of safetensors is served by %s, and metered",
  async (runtime) => {
    const endpoint = await EndpointClient.provision(appliance, { ...body(), runtime });
    await endpoint.is("up");
    const text = await (await endpoint.chat("hello", {}, { stream: true })).text();
    expect(text).toContain(" stand-in");
    expect(text.trimEnd()).toEndWith("data: [DONE]");
    expect((await appliance.usage(1))[0]).toMatchObject({
      endpoint: endpoint.id,
      status: 200,
      source: "engine",
      prompt_tokens: 5,
      completion_tokens: 6,
    });
    await endpoint.remove();
    await endpoint.isGone();
  },
  60_000,
);

test("an argument that is not on the list is refused before anything starts", async () => {
  const asked = { ...body(), runtime: "vllm", args: ["--trust_remote_code"] };
  await expect(EndpointClient.provision(appliance, asked)).rejects.toThrow(
    "--trust_remote_code may not be set for vllm",
  );
}, 30_000);

test("a context that does not fit fails with the engine's own number", async () => {
  environment.behaves({ FAKE_FAILS: "context" });
  const asked = { ...body(), runtime: "vllm" };
  const endpoint = await EndpointClient.provision(appliance, asked);
  expect(JSON.stringify(await endpoint.is("failed"))).toContain(
    "It fits with at most 14000 tokens.",
  );
}, 60_000);

test("what the engine says of a first request that it refuses is what the endpoint says", async () => {
  environment.behaves({ FAKE_FAILS: "tokenless" });
  const asked = { ...body(), runtime: "vllm" };
  const endpoint = await EndpointClient.provision(appliance, asked);
  await endpoint.is("failed");
  expect(await endpoint.view()).toMatchObject({
    cause: "config",
    detail: expect.stringContaining(
      "refuses a one-token request with HTTP 400: default chat template is no longer allowed",
    ),
  });
}, 60_000);
