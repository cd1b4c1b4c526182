/** Requests for an endpoint that sleeps: how long they wait, what they hear meanwhile, how it ends. */
import { afterEach, expect, test } from "bun:test";
import {
  dedicated,
  frames,
  type GatewayUnderTest,
  gatewayUnderTest,
  hello,
  readyReplica,
  said,
} from "../gateway.testbed.ts";
import type { GatewayOptions } from "../gateway.ts";
import type { Claim } from "../ports.ts";
import type { RoutedEndpoint } from "../routing/routing.ts";
import { type Answering, scriptedServer } from "../upstream/scripted-server.ts";
import { type CancellationTarget, clientGone } from "./exchange.ts";
import { Hold } from "./hold.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

interface Sleeper extends GatewayUnderTest {
  /** A request for it; HEADERS beside the usual ones. */
  ask(body: object, headers?: Record<string, string>, init?: RequestInit): Promise<Response>;
  wake(): void;
  /** Resolves when COUNT requests wait. */
  waiting(count: number): Promise<void>;
}

const answers = (answer: Answering) => answer.json(200, said);
const streams = (answer: Answering) => {
  answer.startStream();
  answer.chunk(frames.role + frames.word("Hi") + frames.stop + frames.usage + frames.done);
  answer.finish();
};

function sleeper(
  script: (answer: Answering) => unknown = answers,
  changes: Partial<RoutedEndpoint> = {},
  options: GatewayOptions = {},
): Sleeper {
  const server = scriptedServer((_, answer) => script(answer));
  const models = [dedicated("sleeping", [], changes)];
  const under = gatewayUnderTest({ ports: [], models, options });
  cleanups.push(under.stop, server.stop);
  return {
    ...under,
    ask: (body, headers = {}, init = {}) =>
      fetch(`${under.url}/api/d/endpt-1/chat/completions`, {
        method: "POST",
        headers: {
          authorization: "Bearer hv_first",
          "content-type": "application/json",
          ...headers,
        },
        body: JSON.stringify(body),
        ...init,
      }),
    wake: () => under.publish(dedicated("up", [readyReplica("rep_1", server.port)], changes)),
    async waiting(count) {
      while (under.routing.demand("endpt-1").waiting !== count) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

const { messages } = hello;
const stream = { messages, stream: true };
/** So that the very next look at the clock opens the stream, or comments again. */
const eager: GatewayOptions = { hold_grace_ms: 0, hold_comment_ms: 0 };

async function refusal(response: Response) {
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  return { status: response.status, after: response.headers.get("retry-after"), ...error };
}

/** Reads the stream of RESPONSE until it holds PART. */
async function readUntil(response: Response, part: string): Promise<string> {
  const reader = response.body?.getReader();
  let text = "";
  while (!text.includes(part)) {
    const { value } = (await reader?.read()) ?? {};
    if (!value) throw new Error(`The stream ended without ${part}: ${text}`);
    text += Buffer.from(value).toString();
  }
  reader?.releaseLock();
  return text;
}

test("a whole answer just waits, and its row and measurement know the wait from the work", async () => {
  const under = sleeper();
  const response = under.ask({ messages });
  await under.waiting(1);
  const since = performance.now();
  while (performance.now() - since < 60) await new Promise((resolve) => setImmediate(resolve));
  under.wake();
  expect(await (await response).json()).toEqual(said);
  const [row] = await under.rows(1);
  expect(row).toMatchObject({ status: 200, endpoint: "endpt-1", model: "mine", replica: "rep_1" });
  expect(row?.duration_ms).toBeGreaterThanOrEqual(60);
  expect(under.measured).toHaveLength(1);
  expect(under.measured[0]).toMatchObject({ endpoint: "endpt-1", status: 200, ttft_ms: null });
  expect(under.measured[0]?.overhead_ms).toBeLessThan(60);
});

test.each<[string, Partial<RoutedEndpoint>, Record<string, string>]>([
  ["an endpoint that is to fail", { cold_start: "fail" }, {}],
  ["a client that does not wait", {}, { "x-scale-up-timeout": "0" }],
])("%s is woken, and the request told when to come back", async (_, changes, headers) => {
  const under = sleeper(answers, { ...changes, wake_p95_ms: 11_500 });
  let signals = 0;
  under.routing.onDemand(() => signals++);
  for (const body of [{ messages }, stream]) {
    const { message, ...rest } = await refusal(await under.ask(body, headers));
    expect(rest).toMatchObject({ status: 503, code: "model_waking_up", after: "12" });
    expect(message).toContain("12 s");
  }
  expect(signals).toBe(1);
  expect(under.routing.demand("endpt-1").waiting).toBe(1);
  expect(await under.rows(2)).toMatchObject([
    { status: 503, endpoint: "endpt-1", replica: null, prompt_tokens: 0 },
    { status: 503, stream: true },
  ]);
});

test("the client's word counts more than the endpoint's setting, also while it is being built", async () => {
  for (const standing of ["sleeping", "building"] as const) {
    const under = sleeper(answers, { cold_start: "fail" });
    under.publish(dedicated(standing, [], { cold_start: "fail" }));
    const response = under.ask({ messages }, { "x-scale-up-timeout": "60" });
    await under.waiting(1);
    under.wake();
    expect((await response).status).toBe(200);
  }
});

test.each(["-1", "1.5", "soon", "1e3", "", "1, 2"])(
  "a timeout of %p is refused before anything is woken",
  async (value) => {
    const under = sleeper();
    const response = await under.ask({ messages }, { "x-scale-up-timeout": value });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: "x-scale-up-timeout" } });
    expect(under.routing.demand("endpt-1").waiting).toBe(0);
  },
);

test("who has waited for as long as it wanted gets 503", async () => {
  const under = sleeper();
  const response = await under.ask({ messages }, { "x-scale-up-timeout": "1" });
  expect(await refusal(response)).toMatchObject({
    status: 503,
    code: "model_waking_up",
    after: "30",
  });
  expect(under.routing.demand("endpt-1")).toMatchObject({ waiting: 0, inflight: 0 });
  expect((await under.rows(1))[0]?.duration_ms).toBeGreaterThanOrEqual(1_000);
});

test("a stream that has to wait hears so at once and again, and then gets its answer", async () => {
  const under = sleeper(streams, { wake_p95_ms: 20_000 }, eager);
  const response = await under.ask(stream);
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const before = await readUntil(response, "eta=20s\n\n: waking eta=20s\n\n");
  expect(before).toMatch(/^(: waking eta=20s\n\n)+$/);
  under.wake();
  const rest = await readUntil(response, "[DONE]\n\n");
  const answer = frames.role + frames.word("Hi") + frames.stop + frames.done;
  expect(rest.replace(/^(: (waking eta=\d+s|ping)\n\n)*/, "")).toBe(answer);
  const [row] = await under.rows(1);
  expect(row).toMatchObject({ id: response.headers.get("x-request-id") ?? "", status: 200 });
  expect(row?.ttft_ms).toBeLessThanOrEqual(row?.duration_ms ?? 0);
});

test("a wake within the grace keeps the real status", async () => {
  const refuses = (answer: Answering) => answer.json(400, { error: { message: "no", type: "x" } });
  const under = sleeper(refuses, {}, { hold_grace_ms: 60_000 });
  const response = under.ask(stream);
  await under.waiting(1);
  under.wake();
  expect((await response).status).toBe(400);
});

test.each<[string, (under: Sleeper) => void, string, number]>([
  [
    "fails",
    (u) => u.publish(dedicated("failed", [], { cause: "disk_full" })),
    "endpoint_failed",
    503,
  ],
  ["is paused", (u) => u.publish(dedicated("paused")), "endpoint_paused", 503],
  ["is deleted", (u) => u.publish(), "model_not_found", 404],
  [
    "is not for this key any more",
    (u) => u.gateway.cut(({ key_id }) => key_id === "key_1"),
    "invalid_api_key",
    401,
  ],
])(
  "when it %s, a whole answer gets the status and an open stream the event",
  async (_, happens, code, status) => {
    const under = sleeper(answers, {}, eager);
    const held = under.ask({ messages });
    const open = await under.ask(stream);
    await under.waiting(2);
    happens(under);
    expect(await refusal(await held)).toMatchObject({ status, code });
    const [event, end, ...rest] = (await open.text())
      .split("\n\n")
      .filter((part) => !part.startsWith(":"));
    expect(JSON.parse(event?.slice("data: ".length) ?? "")).toMatchObject({ error: { code } });
    expect([end, rest]).toEqual(["data: [DONE]", [""]]);
    expect((await under.rows(2)).map((row) => row.status)).toEqual([status, status]);
    expect([under.gateway.inflight(), under.reports]).toEqual([0, []]);
  },
);

test.each<[string, (answer: Answering) => unknown, string]>([
  ["refuses the request", (a) => a.json(400, { error: { message: "no", type: "x" } }), "no"],
  ["is gone again", (a) => a.close(), "could not be reached"],
  [
    "breaks off",
    (a) => {
      a.startStream();
      a.chunk(frames.role);
      a.close();
    },
    "broke off",
  ],
])("when the runtime that has woken %s, the open stream says so", async (_, script, words) => {
  const under = sleeper(script, {}, eager);
  const response = await under.ask(stream);
  await readUntil(response, "waking");
  under.wake();
  const text = await readUntil(response, "[DONE]\n\n");
  expect(text).toContain(words);
  expect(text).toEndWith("\n\ndata: [DONE]\n\n");
  expect(under.routing.demand("endpt-1").inflight).toBe(0);
});

test("when the runtime that has woken sends a whole answer instead, it becomes the events that were asked for", async () => {
  const under = sleeper(answers, {}, eager);
  const response = await under.ask(stream);
  await readUntil(response, "waking");
  under.wake();
  const text = await readUntil(response, "[DONE]\n\n");
  expect(text).toContain('"content":"Hi."');
  expect(text).toContain('"finish_reason":"stop"');
  expect(await under.rows(1)).toMatchObject([{ status: 200, completion_tokens: 2 }]);
});

test.each<[string, object]>([
  ["a whole answer", { messages }],
  ["a stream", stream],
])("who leaves %s is dropped at once, with a row", async (_, body) => {
  const under = sleeper(answers, {}, eager);
  const client = new AbortController();
  const response = under.ask(body, {}, { signal: client.signal }).catch(String);
  await under.waiting(1);
  if (body === stream) await response;
  client.abort();
  await under.waiting(0);
  await response;
  expect(await under.rows(1)).toMatchObject([{ status: 499, replica: null, completion_tokens: 0 }]);
  expect(under.gateway.inflight()).toBe(0);
});

test("who leaves between being given a place and hearing of it gives the place back", async () => {
  let released = 0;
  const { promise: place, resolve: give } = Promise.withResolvers<Claim>();
  const activities: CancellationTarget[] = [];
  const hold = new Hold({
    id: "req_1",
    exchange: { begin: (activity) => void activities.push(activity), hasWaited: () => undefined },
    stream: false,
    limit_ms: 60_000,
    grace_ms: 0,
    comment_ms: 0,
    broken: () => Buffer.alloc(0),
    headers: () => ({}),
    now: () => 0,
  });
  const held = hold.until({
    cold_start: "hold",
    refusal: clientGone,
    eta_ms: () => 0,
    trigger: () => undefined,
    wait: () => place,
  });
  const left = clientGone();
  give({ replica: readyReplica("rep_1", 1), release: () => released++ });
  activities[0]?.interrupt(left);
  expect(await held.catch((reason: unknown) => reason)).toBe(left);
  expect(released).toBe(1);
});

test("an endpoint that falls asleep under a request wakes again for it", async () => {
  const dead = scriptedServer(() => undefined);
  dead.stop();
  const under = sleeper();
  under.publish(dedicated("up", [readyReplica("rep_dead", dead.port)]));
  under.routing.outcome = (_, ok) => {
    if (!ok) under.publish(dedicated("sleeping"));
  };
  const response = under.ask({ messages });
  await under.waiting(1);
  under.wake();
  expect((await response).status).toBe(200);
  expect(await under.rows(1)).toMatchObject([{ replica: "rep_1", status: 200 }]);
});
