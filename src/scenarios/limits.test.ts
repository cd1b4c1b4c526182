/** Limits, money, aliases and revocation against a real appliance, an agent and llama-server. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { chat, model } from "./chat.ts";

const testbed = new Testbed();
let appliance: ApplianceProcess;

beforeAll(async () => {
  appliance = await ApplianceProcess.create(testbed);
  await appliance.addAgent();
  await appliance.addDemoModel();
  await appliance.ready();
}, 60_000);
afterAll(() => testbed.end(), 30_000);

interface Key {
  id: string;
  key: string;
  prefix: string;
}

const keyWith = (limits: object) =>
  appliance.api<Key>("/api/keys", { name: JSON.stringify(limits).slice(0, 60), ...limits });
const ask = ({ key }: Key, more: Record<string, unknown> = {}) =>
  chat(appliance.url, key, "Hello", { max_tokens: 4, ...more });
const codeOf = async (response: Response) =>
  ((await response.json()) as { error: { type: string; code: string } }).error;

test("a key is held to its requests a minute, and told of them in every answer", async () => {
  const key = await keyWith({ rpm_limit: 2, tpm_limit: 10_000 });
  const first = await ask(key);
  expect(first.status).toBe(200);
  expect(first.headers.get("x-ratelimit-limit-requests")).toBe("2");
  expect(first.headers.get("x-ratelimit-remaining-requests")).toBe("1");
  expect(Number(first.headers.get("x-ratelimit-remaining-tokens"))).toBeLessThan(10_000);
  expect((await ask(key, { stream: true })).status).toBe(200);
  const refused = await ask(key);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeWithin(1, 31);
  expect(await codeOf(refused)).toMatchObject({ type: "requests", code: "rate_limit_exceeded" });
});

test("a list of prompts is metered, limited and paid by the piece, and its neighbours are served", async () => {
  const complete = ({ key }: Key, body: object) =>
    fetch(`${appliance.url}/v1/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model, ignore_eos: true, ...body }),
    });
  const prompts = (count: number) => Array.from({ length: count }, (_, at) => `story ${at}`);
  await appliance.api(
    "/api/prices",
    { model, input_per_million: 100, output_per_million: 100 },
    "PUT",
  );
  for (const limits of [{ tpm_limit: 2_000 }, { monthly_budget: 0.05 }, { rpm_limit: 49 }]) {
    const refused = await complete(await keyWith(limits), { prompt: prompts(50), max_tokens: 100 });
    expect([refused.status, refused.headers.get("x-should-retry")]).toEqual([429, "false"]);
  }
  const free = await keyWith({ monthly_budget: 1 });
  const listed = await complete(free, { prompt: prompts(50), max_tokens: 20 });
  const { usage } = (await listed.json()) as { usage: { prompt_tokens: number } };
  const id = listed.headers.get("x-request-id");
  const row = (await appliance.usage()).find((each) => each.id === id);
  expect(row).toMatchObject({ prompt_tokens: usage.prompt_tokens, completion_tokens: 1_000 });
  expect(row?.cost).toBeCloseTo((usage.prompt_tokens + 1_000) / 10_000);

  let isOver = false;
  const long = complete(await keyWith({}), { prompt: prompts(60), max_tokens: 60 }).then(() => {
    isOver = true;
  });
  for (let time = 0; time < 3; time++) {
    expect((await complete(free, { prompt: "Hi", max_tokens: 1 })).status).toBe(200);
  }
  expect(isOver).toBe(false);
  await long;
}, 60_000);

test("a burst passes neither a budget nor the tokens of a minute", async () => {
  await appliance.api(
    "/api/prices",
    { model, input_per_million: 1_000, output_per_million: 1_000 },
    "PUT",
  );
  for (const limits of [{ monthly_budget: 0.1 }, { tpm_limit: 2_000 }]) {
    const key = await keyWith(limits);
    const burst = Array.from({ length: 8 }, () => ask(key, { max_tokens: 1_500 }));
    const statuses = (await Promise.all(burst)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, ...Array(7).fill(429)]);
  }
}, 60_000);

test("money is counted from the row, and a spent budget stays spent after kill -9", async () => {
  await appliance.api(
    "/api/prices",
    { model, input_per_million: 1_000_000, output_per_million: 1_000_000 },
    "PUT",
  );
  const key = await keyWith({ monthly_budget: 1 });
  const answer = await ask(key);
  const id = answer.headers.get("x-request-id");
  const row = (await appliance.usage()).find((each) => each.id === id);
  expect(row?.cost).toBe((row?.prompt_tokens ?? 0) + (row?.completion_tokens ?? 0));
  const refused = await ask(key);
  expect([refused.status, refused.headers.get("x-should-retry")]).toEqual([429, "false"]);
  expect(await codeOf(refused)).toMatchObject({ code: "insufficient_quota" });
  await appliance.kill("SIGKILL");
  await appliance.start();
  expect((await ask(key)).status).toBe(429);
  await eventually("the model serves others again", async () => {
    return (await ask(await keyWith({}))).status === 200;
  });
}, 60_000);

test("an alias is a separate name, and a key may be for it alone", async () => {
  await appliance.api("/api/aliases", {
    name: "smart",
    targets: [
      { model: "not-there", weight: 9 },
      { model, weight: 1 },
    ],
    fallbacks: [],
  });
  const key = await keyWith({ models: ["smart"] });
  await eventually("the alias is known", async () => {
    return (await ask(key, { model: "smart" })).status === 200;
  });
  expect((await ask(key)).status).toBe(404);
  const models = await fetch(`${appliance.url}/v1/models`, {
    headers: { authorization: `Bearer ${key.key}` },
  });
  const { data } = (await models.json()) as { data: { id: string }[] };
  expect(data.map(({ id }) => id)).toEqual(["smart"]);
});

test("a key that may be used from elsewhere only is refused here", async () => {
  const key = await keyWith({ allowed_cidrs: ["192.0.2.0/24"] });
  expect((await ask(key)).status).toBe(403);
});

test("revoking a key cuts its stream at once, and says how many there were", async () => {
  const key = await keyWith({});
  const endless = { stream: true, max_tokens: 100_000, ignore_eos: true };
  const response = await ask(key, endless);
  const reader = response.body?.getReader();
  await reader?.read();
  const revoked = await appliance.api<{ streams_cut: number }>(
    `/api/keys/${key.id}`,
    undefined,
    "DELETE",
  );
  expect(revoked.streams_cut).toBe(1);
  let rest = "";
  for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
    rest += Buffer.from(piece.value).toString();
  }
  expect(rest).toContain('"code":"invalid_api_key"');
  expect(rest.trimEnd()).toEndWith("data: [DONE]");
  expect((await ask(key)).status).toBe(401);
});
