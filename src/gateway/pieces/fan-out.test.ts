/** Requests of several pieces, in front of runtimes that sum up their usage, and of such that do not. */
import { afterEach, describe, expect, test } from "bun:test";
import { Failure } from "../../shared/failure.ts";
import {
  dedicated,
  type GatewayUnderTest,
  gatewayUnderTest,
  readyReplica,
} from "../gateway.testbed.ts";
import type { Asked, UsageRow } from "../ports.ts";
import type { ReadyReplica } from "../routing/routing.ts";
import {
  type Answering,
  type ReceivedRequest,
  scriptedServer,
} from "../upstream/scripted-server.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

type Json = Record<string, unknown>;
type Runtime = (asked: Json, answer: Answering, request: ReceivedRequest) => unknown;

interface Setup {
  runtime?: ReadyReplica["runtime"];
  slots?: number;
  overflow?: boolean;
  orders?: Asked[];
}

/** The model "many" on what answers by RUNTIME. */
function gatewayOn(
  script: Runtime,
  { runtime = "llama-server", slots = 4, overflow, orders }: Setup = {},
) {
  const server = scriptedServer((request, answer) =>
    script(JSON.parse(request.body) as Json, answer, request),
  );
  const provider = { tls: null, base_path: "/v1", authorization: "" };
  const replica: ReadyReplica = {
    ...readyReplica("rep_1", server.port),
    runtime,
    slots,
    ...(overflow && { overflow }),
    ...(runtime === "provider" && { provider }),
  };
  const many = {
    id: "mdl_many",
    name: "many",
    created_at: 0,
    ready: [replica],
    reason: null,
    endpoint: null,
  };
  const limits = {
    admit: (_caller: object, order: Asked) => {
      orders?.push(order);
      return null;
    },
  };
  const under = gatewayUnderTest({ ports: [], models: [many, dedicated("up", [replica])], limits });
  cleanups.push(under.stop, server.stop);
  return under;
}

const post = (under: GatewayUnderTest, path: string, body: object, init: RequestInit = {}) =>
  fetch(`${under.url}${path}`, {
    method: "POST",
    headers: { authorization: "Bearer hv_first", "content-type": "application/json" },
    body: JSON.stringify({ model: "many", ...body }),
    ...init,
  });
const rowOf = async (under: GatewayUnderTest, count = 1): Promise<UsageRow | undefined> =>
  (await under.rows(count)).at(-1);

const promptsIn = ({ prompt }: Json): unknown[] => (Array.isArray(prompt) ? prompt : [prompt]);
const choicesFor = (asked: Json): Json[] =>
  promptsIn(asked).flatMap((prompt, at) =>
    Array.from({ length: Number(asked["n"] ?? 1) }, (_, answer) => ({
      index: at * Number(asked["n"] ?? 1) + answer,
      text: `${prompt} ${"word ".repeat(20)}`,
      finish_reason: "length",
    })),
  );
const usageOf = (prompts: number, answers: number) => ({
  prompt_tokens: 3 * prompts,
  completion_tokens: 20 * answers,
  total_tokens: 3 * prompts + 20 * answers,
});

/** Whole or streamed, with USAGE: called with the numbers of prompts and choices. */
const answering =
  (usage: (prompts: number, choices: number) => Json): Runtime =>
  (asked, answer) => {
    const choices = choicesFor(asked);
    const said = usage(promptsIn(asked).length, choices.length);
    if (asked["stream"] !== true) {
      answer.json(200, { id: "cmpl-1", object: "text_completion", choices, usage: said });
      return;
    }
    answer.startStream();
    for (let word = 0; word < 20; word++) {
      for (const { index } of choices) {
        answer.chunk(
          frame({ id: "cmpl-1", choices: [{ index, text: "word ", finish_reason: null }] }),
        );
      }
    }
    for (const { index } of choices) {
      answer.chunk(
        frame({ id: "cmpl-1", choices: [{ index, text: "", finish_reason: "length" }] }),
      );
    }
    answer.chunk(frame({ id: "cmpl-1", choices: [], usage: said }));
    answer.chunk("data: [DONE]\n\n");
    answer.finish();
  };
const frame = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;

const likeVllm = answering(usageOf);
const likeLlama = answering(() => usageOf(1, 1));
const prompts = Array.from({ length: 40 }, (_, at) => `prompt ${at}`);
const list = { prompt: prompts, max_tokens: 20 };

describe("what the row says of 40 prompts of 3 tokens and answers of 20", () => {
  const all = { prompt_tokens: 120, completion_tokens: 800, status: 200 } as const;

  test.each([
    ["llama-server, which tells of one", "llama-server", likeLlama],
    ["vLLM, which sums up", "vllm", likeVllm],
    ["SGLang, which sums up", "sglang", likeVllm],
    ["a provider that sums up", "provider", likeVllm],
  ] as const)("%s, whole and streamed", async (_, runtime, script) => {
    const under = gatewayOn(script, { runtime });
    for (const [at, stream] of [false, true].entries()) {
      const response = await post(under, "/v1/completions", { ...list, stream });
      expect(response.status).toBe(200);
      await response.text();
      expect(await rowOf(under, at + 1)).toMatchObject({ ...all, source: "engine" });
    }
  });

  test.each([[2], [40]])(
    "a provider that tells of one of %d: what came is counted instead, and the row says so",
    async (count) => {
      const under = gatewayOn(likeLlama, { runtime: "provider" });
      for (const [at, stream] of [false, true].entries()) {
        const asked = { ...list, prompt: prompts.slice(0, count), stream };
        await (await post(under, "/v1/completions", asked)).text();
        const row = await rowOf(under, at + 1);
        expect(row).toMatchObject({ source: "estimated", status: 200 });
        expect(row?.completion_tokens).toBeWithin(count * 20, count * 32);
        expect(row?.prompt_tokens).toBeGreaterThanOrEqual(count * 3);
      }
    },
  );

  test("by an endpoint's own path", async () => {
    const under = gatewayOn(likeLlama);
    const response = await post(under, "/api/d/endpt-1/v1/completions", list);
    expect(((await response.json()) as Json)["usage"]).toMatchObject(usageOf(40, 40));
    expect(await rowOf(under)).toMatchObject({ ...all, endpoint: "endpt-1" });
    expect(under.routing.demand("endpt-1").inflight).toBe(0);
  });
});

test("n answers on llama-server: each is asked for by itself, with a seed of its own, the prompt counts once", async () => {
  const seen: Json[] = [];
  const under = gatewayOn((asked, answer, request) => {
    seen.push(asked);
    likeLlama(asked, answer, request);
  });
  const response = await post(under, "/v1/completions", { prompt: "one", n: 3, seed: 7 });
  expect(
    ((await response.json()) as { choices: Json[] }).choices.map(({ index }) => index),
  ).toEqual([0, 1, 2]);
  expect(seen.map(({ seed }) => seed)).toEqual([7, 8, 9]);
  expect(seen.every((asked) => !("n" in asked))).toBe(true);
  expect(await rowOf(under)).toMatchObject({ prompt_tokens: 3, completion_tokens: 60 });
});

test("limits are asked for all pieces before, with the most that they may take", async () => {
  const orders: Asked[] = [];
  const under = gatewayOn(likeVllm, { runtime: "vllm", orders });
  await (await post(under, "/v1/completions", { ...list, n: 2 })).text();
  await (await post(under, "/v1/embeddings", { input: ["a", "b", "c"] })).text();
  expect(orders).toMatchObject([
    { pieces: 80, most_tokens: 1_600 },
    { pieces: 3, most_tokens: 0 },
  ]);
});

test("messages and responses are one piece, and what they do not know does not make them more", async () => {
  const seen: Json[] = [];
  const orders: Asked[] = [];
  const under = gatewayOn(
    (asked, answer) => {
      seen.push(asked);
      const message = { role: "assistant", content: "Hi." };
      answer.json(200, {
        choices: [{ index: 0, message, finish_reason: "stop" }],
        usage: usageOf(1, 1),
      });
    },
    { runtime: "vllm", orders },
  );
  const messages = [{ role: "user", content: "hi" }];
  expect(
    (await post(under, "/v1/messages", { messages, max_tokens: 5, n: 9, best_of: 9 })).status,
  ).toBe(200);
  expect((await post(under, "/v1/responses", { input: "hi", n: 9, best_of: 9 })).status).toBe(200);
  expect(seen.map(({ n, best_of }) => [n, best_of])).toEqual(Array(2).fill([undefined, undefined]));
  expect(orders.map(({ pieces }) => pieces)).toEqual([1, 1]);
});

describe("places", () => {
  /** A runtime that answers when it is told to, and the requests that it has. */
  function held(script: Runtime = likeLlama) {
    const open: { asked: Json; go(): void }[] = [];
    let changed = Promise.withResolvers<void>();
    const runtime: Runtime = (asked, answer, request) => {
      open.push({ asked, go: () => void script(asked, answer, request) });
      changed.resolve();
      changed = Promise.withResolvers();
    };
    return {
      open,
      runtime,
      /** Resolves when it has so many. */
      async has(count: number) {
        while (open.length < count) await changed.promise;
      },
    };
  }

  test("vLLM gets a list in one, and it takes its places until it has ended", async () => {
    const { open, runtime, has } = held(likeVllm);
    const under = gatewayOn(runtime, { runtime: "vllm" });
    const asked = post(under, "/v1/completions", { ...list, n: 2 });
    await has(1);
    expect(open[0]?.asked).toEqual({ model: "demo", ...list, n: 2 });
    expect(under.routing.inflight("rep_1")).toBe(4);
    open[0]?.go();
    expect((await asked).status).toBe(200);
    expect(under.routing.inflight("rep_1")).toBe(0);
  });

  test("llama-server gets half as many pieces at a time as it has slots, and fewer when others come", async () => {
    const { open, runtime, has } = held();
    const under = gatewayOn(runtime, { slots: 4 });
    const asked = post(under, "/v1/completions", list);
    await has(2);
    expect(under.routing.inflight("rep_1")).toBe(2);
    const others: Promise<Response>[] = [];
    for (let count = 3; count <= 5; count++) {
      others.push(post(under, "/v1/completions", { prompt: "other" }));
      await has(count);
      expect(open[count - 1]?.asked["prompt"]).toBe("other");
    }
    // One of its two ends, and nothing takes its place; of the last one there is always one.
    open[0]?.go();
    open[1]?.go();
    await has(6);
    expect(open[5]?.asked["prompt"]).toBe("prompt 2");
    expect(under.routing.inflight("rep_1")).toBe(4);
    for (let at = 2; at < 43; at++) {
      await has(at + 1);
      open[at]?.go();
    }
    for (const other of others) expect((await other).status).toBe(200);
    expect((await asked).status).toBe(200);
    expect(under.routing.inflight("rep_1")).toBe(0);
  });

  test("three lists share the slots of a replica", async () => {
    const { open, runtime, has } = held();
    const under = gatewayOn(runtime, { slots: 4 });
    const named = (name: string) => ({ ...list, prompt: prompts.map((it) => `${name} ${it}`) });
    const lists = ["a", "b", "c"].map((name) => post(under, "/v1/completions", named(name)));
    await has(5);
    for (let at = 0; at < 120; at++) {
      await has(at + 1);
      open[at]?.go();
    }
    for (const each of lists) expect((await each).status).toBe(200);
    // A slot each, and the fourth for one of them.
    const first = open.slice(0, 60).map(({ asked }) => String(asked["prompt"])[0]);
    const counts = ["a", "b", "c"].map((name) => first.filter((it) => it === name).length);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(14);
  });

  test("an overflow replica gets no list that it has no slots for, but one larger than all of them alone", async () => {
    const { open, runtime, has } = held(likeVllm);
    const under = gatewayOn(runtime, { runtime: "provider", slots: 4, overflow: true });
    const first = post(under, "/v1/completions", { prompt: "one" });
    await has(1);
    expect((await post(under, "/v1/completions", { prompt: prompts.slice(0, 4) })).status).toBe(
      503,
    );
    const three = post(under, "/v1/completions", { prompt: prompts.slice(0, 3) });
    await has(2);
    for (const { go } of open) go();
    await Promise.all([first, three]);
    const large = post(under, "/v1/completions", list);
    await has(3);
    expect((await post(under, "/v1/completions", { prompt: "one" })).status).toBe(503);
    open[2]?.go();
    expect((await large).status).toBe(200);
  });
});

describe("a piece that fails", () => {
  const refusedAt = (bad: number, status: number): Runtime => {
    const refusal = { error: { message: "canary", type: "invalid_request_error", code: status } };
    return (asked, answer, request) =>
      asked["prompt"] === `prompt ${bad}`
        ? answer.json(status, refusal)
        : likeLlama(asked, answer, request);
  };

  test("whole: the request fails as the piece does, and what was made for the others is in its row", async () => {
    const under = gatewayOn(refusedAt(30, 400), { slots: 1 });
    const response = await post(under, "/v1/completions", list);
    expect(response.status).toBe(400);
    expect(await rowOf(under)).toMatchObject({
      status: 400,
      prompt_tokens: 90,
      completion_tokens: 600,
      source: "engine",
    });
    expect(under.routing.inflight("rep_1")).toBe(0);
  });

  test.each([[400], [503]])(
    "streamed: %d after others were whole is no success",
    async (status) => {
      const under = gatewayOn(refusedAt(30, status), { slots: 1 });
      const response = await post(under, "/v1/completions", { ...list, stream: true });
      const text = await response.text();
      expect(text).toEndWith("data: [DONE]\n\n");
      expect(text.split("\n\n").at(-3)).toStartWith('data: {"error":');
      expect(text).not.toContain("canary");
      expect((await rowOf(under))?.status).not.toBe(200);
      expect(await rowOf(under)).toMatchObject({ prompt_tokens: 90, completion_tokens: 600 });
    },
  );

  test("a connection that breaks after others were whole is no success", async () => {
    const breaking: Runtime = (asked, answer, request) =>
      asked["prompt"] === "prompt 30" ? answer.reset() : likeLlama(asked, answer, request);
    const under = gatewayOn(breaking, { slots: 1 });
    const response = await post(under, "/v1/completions", { ...list, stream: true });
    expect((await response.text()).split("\n\n").at(-3)).toStartWith('data: {"error":');
    expect(await rowOf(under)).toMatchObject({ status: 502, completion_tokens: 600 });
  });

  test("before anything came another replica is asked", async () => {
    const bad = scriptedServer((_, answer) => answer.reset());
    const good = scriptedServer((request, answer) =>
      likeLlama(JSON.parse(request.body) as Json, answer, request),
    );
    const ready = [readyReplica("rep_1", bad.port), readyReplica("rep_2", good.port)];
    const many = {
      id: "mdl_many",
      name: "many",
      created_at: 0,
      ready,
      reason: null,
      endpoint: null,
    };
    const under = gatewayUnderTest({ ports: [], models: [many] });
    cleanups.push(under.stop, bad.stop, good.stop);
    for (let time = 1; time <= 2; time++) {
      expect((await post(under, "/v1/completions", list)).status).toBe(200);
      expect(await rowOf(under, time)).toMatchObject({ replica: "rep_2", completion_tokens: 800 });
    }
  });
});

test("a client that goes between two pieces is not taken for one that has had everything", async () => {
  let asked = 0;
  const second = Promise.withResolvers<Answering>();
  const under = gatewayOn(
    (body, answer, request) => {
      if (++asked === 1) likeLlama(body, answer, request);
      else second.resolve(answer);
    },
    { slots: 1 },
  );
  const leave = new AbortController();
  const response = await post(
    under,
    "/v1/completions",
    { ...list, stream: true },
    { signal: leave.signal },
  );
  const reading = response.text().catch(() => null);
  const upstream = await second.promise;
  leave.abort();
  await reading;
  await upstream.gone;
  expect(await rowOf(under)).toMatchObject({
    status: 499,
    completion_tokens: 20,
    source: "estimated",
  });
  expect(asked).toBe(2);
});

test("llama-server gets long lists of texts in parts, and the answer is that to all", async () => {
  const seen: Json[] = [];
  const under = gatewayOn((asked, answer) => {
    seen.push(asked);
    const texts = asked["input"] as string[];
    const data = texts.map((text, index) => ({
      object: "embedding",
      index,
      embedding: [Number(text)],
    }));
    const usage = { prompt_tokens: 2 * texts.length, total_tokens: 2 * texts.length };
    answer.json(200, { object: "list", model: "demo", data, usage });
  });
  const input = Array.from({ length: 20 }, (_, at) => String(at));
  const answer = (await (await post(under, "/v1/embeddings", { input })).json()) as Json;
  expect(answer).toEqual({
    object: "list",
    model: "demo",
    data: input.map((text, index) => ({ object: "embedding", index, embedding: [Number(text)] })),
    usage: { prompt_tokens: 40, total_tokens: 40 },
  });
  expect(seen.map((asked) => (asked["input"] as string[]).length)).toEqual([8, 8, 4]);
  expect(await rowOf(under)).toMatchObject({
    prompt_tokens: 40,
    completion_tokens: 0,
    source: "engine",
  });
});

test("llama-server gets long lists of documents in parts, and the best of all come first", async () => {
  const under = gatewayOn((asked, answer) => {
    const documents = asked["documents"] as string[];
    const results = documents
      .map((text, index) => ({ index, relevance_score: Number(text) % 7 }))
      .sort((a, b) => b.relevance_score - a.relevance_score);
    const kept = results.slice(0, Number(asked["top_n"] ?? results.length));
    const usage = { prompt_tokens: 5 * documents.length, total_tokens: 5 * documents.length };
    answer.json(200, { object: "list", results: kept, usage });
  });
  const documents = Array.from({ length: 20 }, (_, at) => String(at));
  const response = await post(under, "/v1/rerank", { query: "q", documents, top_n: 3 });
  expect(((await response.json()) as Json)["results"]).toEqual([
    { index: 6, relevance_score: 6 },
    { index: 13, relevance_score: 6 },
    { index: 5, relevance_score: 5 },
  ]);
  expect(await rowOf(under)).toMatchObject({ prompt_tokens: 100, source: "engine" });
});

describe("a budget that is reached by the pieces of a list", () => {
  test.each([[false], [true]])(
    "ends it: no further one begins, and what was made is paid (streamed: %p)",
    async (stream) => {
      let asked = 0;
      const spent = new Failure(429, "It is spent.", { code: "insufficient_quota" });
      const ended: number[] = [];
      const admission = {
        headers: () => ({}),
        refusalOf: () => (asked >= 10 ? spent : null),
        end: (tokens: number) => void ended.push(tokens),
      };
      const server = scriptedServer((request, answer) => {
        asked++;
        likeLlama(JSON.parse(request.body) as Json, answer, request);
      });
      const ready = [{ ...readyReplica("rep_1", server.port), slots: 1 }];
      const models = [
        { id: "mdl_many", name: "many", created_at: 0, ready, reason: null, endpoint: null },
      ];
      const under = gatewayUnderTest({ ports: [], models, limits: { admit: () => admission } });
      cleanups.push(under.stop, server.stop);
      const response = await post(under, "/v1/completions", { ...list, stream });
      expect(await response.text()).toContain("insufficient_quota");
      expect(asked).toBe(10);
      expect(await rowOf(under)).toMatchObject({ status: 429, completion_tokens: 200 });
      expect(ended).toEqual([230]);
    },
  );
});
