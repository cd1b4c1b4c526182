/** Models that make no text: an endpoint for embeddings, asked in both encodings, and what it does not serve. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import OpenAI from "openai";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { EndpointClient } from "./endpoint-client.ts";

const testbed = new Testbed();
let appliance: ApplianceProcess;
let endpoint: EndpointClient;
let openai: OpenAI;

beforeAll(async () => {
  appliance = await ApplianceProcess.create(testbed);
  await appliance.addAgent();
  await eventually("a host is up", async () => (await appliance.hosts())[0]?.status === "up");
  endpoint = await EndpointClient.provision(appliance, {
    name: "vectors",
    task: "feature-extraction",
    // A model made for embeddings says itself how its tokens become one vector; the demo model is none.
    args: ["--pooling", "mean"],
  });
  const { openai_base_url } = await endpoint.is("up");
  openai = new OpenAI({
    baseURL: openai_base_url,
    apiKey: await appliance.adminKey(),
    maxRetries: 0,
  });
}, 60_000);
afterAll(() => testbed.end(), 30_000);

const input = ["Hello", "Goodbye"];

test("the same vectors come as numbers and as base64, and their tokens are metered", async () => {
  const numbers = await openai.embeddings.create({ model: "x", input, encoding_format: "float" });
  // Without being told, the client asks for base64 and decodes it.
  const { data: decoded } = await openai.embeddings.create({ model: "x", input });
  expect(numbers.data).toHaveLength(2);
  const [vector = []] = numbers.data.map(({ embedding }) => embedding);
  expect(vector.length).toBeGreaterThan(10);
  for (const [index, value] of vector.entries()) {
    expect(decoded[0]?.embedding[index]).toBeCloseTo(value, 5);
  }
  const [row] = await appliance.usage();
  expect(row).toMatchObject({
    endpoint: endpoint.id,
    status: 200,
    source: "engine",
    completion_tokens: 0,
    prompt_tokens: numbers.usage.prompt_tokens,
  });
});

test("what its runtime was not started for is refused with a reason", async () => {
  const response = await fetch(`${openai.baseURL}/rerank`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${await appliance.adminKey()}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ query: "greetings", documents: input }),
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: "unsupported_route" } });
});
