/** Many clients at once at an endpoint that sleeps, and the clients that people use while it wakes. */
import { afterEach, expect, test } from "bun:test";
import OpenAI from "openai";
import {
  dedicated,
  frames,
  gatewayUnderTest,
  hello,
  readyReplica,
  said,
} from "./gateway.testbed.ts";
import { createUpstream, type Upstream } from "./upstream/client.ts";
import { type Answering, scriptedServer } from "./upstream/scripted-server.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const words = frames.role + frames.word("Good ") + frames.word("morning");

const honest = (stream: boolean, answer: Answering) => {
  if (!stream) return answer.json(200, said);
  answer.startStream();
  answer.chunk(words + frames.stop + frames.usage + frames.done);
  return answer.finish();
};

/** A sleeping endpoint in front of two runtimes. */
function sleeping(options = {}) {
  const servers = [1, 2].map(() =>
    scriptedServer(({ body }, answer) => honest(body.includes('"stream":true'), answer)),
  );
  const ready = servers.map(({ port }, index) => readyReplica(`rep_${index + 1}`, port));
  const under = gatewayUnderTest({ ports: [], models: [dedicated("sleeping")], options });
  cleanups.push(under.stop, ...servers.map(({ stop }) => stop));
  return { ...under, wake: () => under.publish(dedicated("up", ready)) };
}

/** The tests' own fetch stops at 256 requests at once, so they go by the gateway's client. */
function storm(url: string): { ask(stream: boolean): Visit } {
  const upstream = createUpstream();
  cleanups.push(upstream.close);
  const { hostname: host, port } = new URL(url);
  return { ask: (stream) => visit(upstream, { host, port: Number(port) }, stream) };
}

interface Visit {
  answer: Promise<string>;
  leave(): void;
}

function visit(
  upstream: Upstream,
  address: { host: string; port: number },
  stream: boolean,
): Visit {
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = "";
  const request = {
    method: "POST",
    path: "/api/d/endpt-1/chat/completions",
    headers: [
      ["authorization", "Bearer hv_first"],
      ["content-type", "application/json"],
    ],
    body: JSON.stringify({ messages: hello.messages, stream }),
  } as const;
  const call = upstream.send(address, request, {
    head: ({ status }) => {
      text += `${status} `;
    },
    data: (bytes) => {
      text += bytes.toString();
    },
    end: () => resolve(text),
    fail: (fault) => resolve(fault.message),
  });
  return { answer: promise, leave: () => call.abort() };
}

/** Resolves when TRUE_NOW is; the test's own timeout bounds it. */
async function until(trueNow: () => boolean): Promise<void> {
  while (!trueNow()) await new Promise((resolve) => setImmediate(resolve));
}

test("500 requests at once are one demand, and every one is answered", async () => {
  const under = sleeping();
  let signals = 0;
  under.routing.onDemand(() => signals++);
  const clients = storm(under.url);
  const visits = Array.from({ length: 500 }, (_, index) => clients.ask(index % 2 === 0));
  await until(() => under.routing.demand("endpt-1").waiting === 500);
  under.publish(dedicated("waking_up"));
  expect(signals).toBe(1);
  under.wake();
  const answers = await Promise.all(visits.map(({ answer }) => answer));
  expect(answers.filter((answer) => answer.startsWith("200 "))).toHaveLength(500);
  expect(answers.filter((answer) => answer.endsWith(frames.done))).toHaveLength(250);
  const rows = await under.rows(500);
  expect(Map.groupBy(rows, ({ replica }) => replica).get("rep_1")).toHaveLength(250);
  expect(under.routing.demand("endpt-1")).toMatchObject({ inflight: 0, waiting: 0 });
  expect([signals, under.gateway.inflight(), under.reports]).toEqual([1, 0, []]);
});

test("of 300 that wait, those that leave are forgotten and the others answered", async () => {
  const under = sleeping({ hold_grace_ms: 0 });
  const clients = storm(under.url);
  const visits = Array.from({ length: 300 }, (_, index) => clients.ask(index % 2 === 0));
  await until(() => under.routing.demand("endpt-1").waiting === 300);
  for (const [index, { leave }] of visits.entries()) if (index % 3 === 0) leave();
  await until(() => under.routing.demand("endpt-1").waiting === 200);
  under.wake();
  const stayed = visits.filter((_, index) => index % 3 !== 0);
  for (const { answer } of stayed) expect(await answer).toStartWith("200 ");
  const rows = await under.rows(300);
  expect(rows.filter(({ status }) => status === 499)).toHaveLength(100);
  expect(rows.filter(({ status }) => status === 200)).toHaveLength(200);
  expect([under.gateway.inflight(), under.reports]).toEqual([0, []]);
});

test("the openai client reads a held stream as any other, and a failed one as an error", async () => {
  const under = sleeping({ hold_grace_ms: 0, hold_comment_ms: 0 });
  const baseURL = `${under.url}/api/d/endpt-1/v1`;
  const openai = new OpenAI({ baseURL, apiKey: "hv_first", maxRetries: 0 });
  const ask = () =>
    openai.chat.completions.create({
      model: "whatever",
      messages: [{ role: "user", content: "hi" }],
      stream: true,
    });
  const held = await ask();
  under.wake();
  let text = "";
  for await (const chunk of held) text += chunk.choices[0]?.delta.content ?? "";
  expect(text).toBe("Good morning");

  under.publish(dedicated("sleeping"));
  const doomed = await ask();
  under.publish(dedicated("failed", [], { cause: "no_capacity" }));
  const end = await Array.fromAsync(doomed).catch((error: unknown) => error);
  expect(end).toBeInstanceOf(OpenAI.APIError);
  expect(end).toMatchObject({ code: "endpoint_failed" });
});

test("the openai client that is told to come back does, and is answered then", async () => {
  const under = sleeping();
  under.routing.onDemand(() => under.wake());
  under.publish(dedicated("sleeping", [], { cold_start: "fail", wake_p95_ms: 1 }));
  const openai = new OpenAI({ baseURL: `${under.url}/v1`, apiKey: "hv_first" });
  const answer = await openai.chat.completions.create({
    model: "mine",
    messages: [{ role: "user", content: "hi" }],
  });
  expect(answer.usage?.completion_tokens).toBe(2);
  expect((await under.rows(2)).map(({ status }) => status)).toEqual([503, 200]);
});
