/** Lists through the gateway: to an engine that sums up as vLLM does, and to one that says one piece's usage. */
import { afterEach, describe, expect, test } from "bun:test";
import { Failure } from "../../shared/failure.ts";
import { gatewayUnderTest, readyReplica } from "../gateway.testbed.ts";
import type { Asked, Limits } from "../ports.ts";
import { elastic } from "../routing/endpoint.testbed.ts";
import {
  type Answering,
  type ReceivedRequest,
  scriptedServer,
} from "../upstream/scripted-server.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Seen {
  bodies: Record<string, unknown>[];
  /** The most that it was asked for at the same time. */
  most: number;
}

/** Answers `max_tokens` tokens to each prompt; TOTAL: its usage is that of all of them. */
function engine(total: boolean, delay: (body: Record<string, unknown>) => Promise<void>) {
  const seen: Seen = { bodies: [], most: 0 };
  let running = 0;
  const server = scriptedServer(({ body: text }: ReceivedRequest, answer: Answering) => {
    const body = JSON.parse(text) as Record<string, unknown>;
    seen.bodies.push(body);
    seen.most = Math.max(seen.most, ++running);
    void delay(body).then(() => {
      running--;
      const prompts = Array.isArray(body["prompt"]) ? body["prompt"] : [body["prompt"]];
      const each = { prompt_tokens: 3, completion_tokens: 5 };
      const times = total ? prompts.length : 1;
      answer.json(200, {
        id: "cmpl-1",
        object: "text_completion",
        choices: prompts.map((prompt, index) => ({
          index,
          text: `to ${prompt}`,
          finish_reason: "length",
        })),
        usage: {
          prompt_tokens: each.prompt_tokens * times,
          completion_tokens: each.completion_tokens * times,
        },
      });
    });
  });
  cleanups.push(server.stop);
  return { seen, port: server.port };
}

const at_once = () => Promise.resolve();

function under(port: number, runtime: "llama-server" | "vllm", limits?: Limits) {
  const replica = { ...readyReplica("rep_p", port), runtime, slots: 4 };
  const made = gatewayUnderTest({
    ports: [],
    models: [elastic("lists", [replica])],
    ...(limits && { limits }),
  });
  cleanups.push(made.stop);
  const ask = (body: object, signal?: AbortSignal) =>
    fetch(`${made.url}/v1/completions`, {
      method: "POST",
      headers: { authorization: "Bearer hv_first", "content-type": "application/json" },
      body: JSON.stringify({ model: "lists", ...body }),
      ...(signal && { signal }),
    });
  return { ...made, ask };
}

const prompts = Array.from({ length: 10 }, (_, at) => `p${at}`);

describe("an engine that says the usage of one piece", () => {
  test("is asked for two of four places at most, and the row has the sum", async () => {
    const { seen, port } = engine(false, at_once);
    const gateway = under(port, "llama-server");
    const response = await gateway.ask({ prompt: prompts, max_tokens: 5 });
    const { choices, usage } = (await response.json()) as {
      choices: { index: number; text: string }[];
      usage: object;
    };
    expect(choices.map(({ index, text }) => `${index} ${text}`)).toEqual(
      prompts.map((prompt, at) => `${at} to ${prompt}`),
    );
    expect(usage).toMatchObject({ prompt_tokens: 30, completion_tokens: 50, total_tokens: 80 });
    expect(seen.bodies).toHaveLength(10);
    expect(seen.most).toBeLessThanOrEqual(2);
    expect(await gateway.rows(1)).toMatchObject([
      { prompt_tokens: 30, completion_tokens: 50, source: "engine", status: 200 },
    ]);
    expect(gateway.routing.inflight("rep_p")).toBe(0);
  });

  test("streams what each piece has made, and ends with one usage and one [DONE]", async () => {
    const { port } = engine(false, at_once);
    const gateway = under(port, "llama-server");
    const response = await gateway.ask({
      prompt: prompts,
      stream: true,
      stream_options: { include_usage: true },
    });
    const text = await response.text();
    for (const prompt of prompts) expect(text).toContain(`"text":"to ${prompt}"`);
    expect(text.match(/"usage":\{/g)).toHaveLength(1);
    expect(text).toContain('"completion_tokens":50');
    expect(text.match(/\[DONE\]/g)).toHaveLength(1);
    expect(await gateway.rows(1)).toMatchObject([{ prompt_tokens: 30, completion_tokens: 50 }]);
  });

  test("is answered for somebody else while a list is on its way", async () => {
    const gates = new Map(prompts.map((prompt) => [prompt, Promise.withResolvers<void>()]));
    const { port } = engine(false, async ({ prompt }) => await gates.get(String(prompt))?.promise);
    const gateway = under(port, "llama-server");
    const list = gateway.ask({ prompt: prompts });
    const other = await gateway.ask({ prompt: "me" });
    expect(((await other.json()) as { usage: object }).usage).toMatchObject({
      completion_tokens: 5,
    });
    for (const { resolve } of gates.values()) resolve();
    expect((await list).status).toBe(200);
  });

  test("a client that leaves is charged for the pieces that were made", async () => {
    const third = Promise.withResolvers<void>();
    const { seen, port } = engine(false, async () => {
      if (seen.bodies.length > 4) await third.promise;
    });
    const gateway = under(port, "llama-server");
    const left = new AbortController();
    const asked = gateway.ask({ prompt: prompts }, left.signal).catch(() => null);
    while (seen.bodies.length < 6) await Bun.sleep(1);
    left.abort();
    await asked;
    const [row] = await gateway.rows(1);
    expect(row).toMatchObject({ status: 499, prompt_tokens: 12, completion_tokens: 20 });
    third.resolve();
  });

  test("no further piece begins when a budget is spent, and those that were made are paid", async () => {
    const { seen, port } = engine(false, at_once);
    const spent = new Failure(429, "The budget is spent.", { code: "insufficient_quota" });
    let pieces = 0;
    const limits: Limits = {
      admit: () => ({
        headers: () => ({}),
        end: () => undefined,
        // The first look is the one before anything is asked.
        refusalOf: () => (pieces++ < 4 ? null : spent),
      }),
    };
    const gateway = under(port, "llama-server", limits);
    const response = await gateway.ask({ prompt: prompts });
    expect(response.status).toBe(429);
    expect(seen.bodies.length).toBeLessThan(8);
    const [row] = await gateway.rows(1);
    expect(row?.status).toBe(429);
    expect(row?.completion_tokens).toBeGreaterThanOrEqual(20);
  });
});

describe("an engine that sums up", () => {
  test("gets the list as it is, takes places for all of it, and its usage is believed", async () => {
    const gate = Promise.withResolvers<void>();
    const { seen, port } = engine(true, () => gate.promise);
    const gateway = under(port, "vllm");
    const asked = gateway.ask({ prompt: prompts });
    while (seen.bodies.length === 0) await Bun.sleep(1);
    expect(gateway.routing.inflight("rep_p")).toBe(4);
    gate.resolve();
    expect((await asked).status).toBe(200);
    expect(seen.bodies).toHaveLength(1);
    expect(await gateway.rows(1)).toMatchObject([{ prompt_tokens: 30, completion_tokens: 50 }]);
    expect(gateway.routing.inflight("rep_p")).toBe(0);
  });
});

test("limits hear of the pieces, and of what they may make", async () => {
  const { port } = engine(true, at_once);
  const asked: Asked[] = [];
  const limits: Limits = {
    admit(_, one) {
      asked.push(one);
      return null;
    },
  };
  const gateway = under(port, "vllm", limits);
  await gateway.ask({ prompt: prompts, n: 2, max_tokens: 7 });
  expect(asked).toMatchObject([{ pieces: 20, most_tokens: 140 }]);
});
