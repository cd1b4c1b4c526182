import { afterEach, expect, test } from "bun:test";
import { frames, type GatewayUnderTest, gatewayUnderTest, hello } from "../gateway.testbed.ts";
import type { GatewayOptions } from "../gateway.ts";
import { type Answering, scriptedServer } from "../upstream/scripted-server.ts";

type Script = (answer: Answering) => unknown;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function gatewayWith(script: Script, options?: GatewayOptions): GatewayUnderTest {
  const server = scriptedServer((_, answer) => script(answer));
  const under = gatewayUnderTest({ ports: [server.port], ...(options ? { options } : {}) });
  cleanups.push(under.stop, server.stop);
  return under;
}

const asked = { ...hello, stream: true, stream_options: { include_usage: true } };
const unasked = { ...hello, stream: true };
const words = frames.role + frames.word("Hel") + frames.word("lo");

/** A stream that sends TEXTS, one chunk each, and then does what ENDING says. */
const sending =
  (texts: string[], ending: (answer: Answering) => void = (answer) => answer.finish()): Script =>
  (answer) => {
    answer.startStream();
    for (const text of texts) answer.chunk(text);
    ending(answer);
  };

const wholeStream = [words, frames.stop, frames.usage, frames.done];

/** Reads a stream piece by piece until it holds PART; what was read so far. */
async function readUntil(response: Response, part: string): Promise<string> {
  const reader = response.body?.getReader();
  let text = "";
  while (!text.includes(part)) {
    const { value } = (await reader?.read()) ?? {};
    if (!value) throw new Error(`The stream ended without ${part}`);
    text += Buffer.from(value).toString();
  }
  reader?.releaseLock();
  return text;
}

function failureIn(text: string) {
  const [, json, rest] = /data: (\{"error".*\})\n\n(.*)$/s.exec(text) ?? [];
  expect(rest).toBe(frames.done);
  return JSON.parse(json ?? "{}").error;
}

test("a stream passes, with its usage chunk only when it was asked for", async () => {
  const under = gatewayWith(sending(wholeStream));
  const response = await under.post(unasked);
  expect(await response.text()).toBe(words + frames.stop + frames.done);
  expect(await (await under.post(asked)).text()).toBe(wholeStream.join(""));
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
    "x-request-id": (await under.rows(2))[0]?.id ?? "",
  });
  for (const row of await under.rows(2)) {
    expect(row).toMatchObject({
      status: 200,
      stream: true,
      prompt_tokens: 9,
      completion_tokens: 2,
      source: "engine",
    });
    expect(row.ttft_ms).toBeGreaterThan(0);
    expect(row.ttft_ms).toBeLessThanOrEqual(row.duration_ms);
  }
});

test("a stream whose every byte comes in a chunk of its own passes", async () => {
  const under = gatewayWith(sending([...wholeStream.join("")]));
  expect(await (await under.post(asked)).text()).toBe(wholeStream.join(""));
});

test("a client that reads [DONE] can rely on the row being committed", async () => {
  const server = scriptedServer((_, answer) => sending(wholeStream)(answer));
  const commit = Promise.withResolvers<void>();
  const under = gatewayUnderTest({ ports: [server.port], commit: () => commit.promise });
  cleanups.push(under.stop, server.stop);
  const response = await under.post(asked);
  const before = await readUntil(response, '"stop"');
  for (let count = 0; count < 20; count++) await fetch(`${under.url}/elsewhere`);
  expect(before).toBe(words + frames.stop);
  commit.resolve();
  expect(await readUntil(response, "[DONE]")).toBe(frames.usage + frames.done);
});

test.each<[string, (answer: Answering) => void]>([
  ["ends without finish_reason", (answer) => answer.finish()],
  ["is closed in the middle", (answer) => answer.close()],
  ["is reset in the middle", (answer) => answer.reset()],
  ["breaks the chunked coding", (answer) => answer.raw("zz\r\n")],
  ["reports an error", (answer) => answer.chunk(frames.error + frames.done)],
])("a stream that %s gets an error and [DONE], and a row with 502", async (_, breakOff) => {
  const seen = Promise.withResolvers<void>();
  const under = gatewayWith(
    sending([words], (answer) => void seen.promise.then(() => breakOff(answer))),
  );
  const response = await under.post(unasked);
  expect(await readUntil(response, "lo")).toBe(words);
  seen.resolve();
  const text = await readUntil(response, "[DONE]");
  expect(failureIn(text)).toMatchObject({ code: "upstream_error", param: null });
  expect(text).not.toContain("canary");
  expect(await under.rows(1)).toMatchObject([{ status: 502, stream: true, source: "estimated" }]);
  expect(under.gateway.inflight()).toBe(0);
});

test.each<[string, Script]>([
  ["without [DONE]", sending([words, frames.stop, frames.usage])],
  ["with a close instead of an end", sending([words, frames.stop], (answer) => answer.close())],
])("an answer that is whole but ends %s is a success", async (_, script) => {
  const under = gatewayWith(script);
  expect(await (await under.post(unasked)).text()).toBe(words + frames.stop + frames.done);
  expect((await under.rows(1))[0]?.status).toBe(200);
});

test("an error in the very first frame is a real status", async () => {
  const under = gatewayWith(sending([frames.error, frames.done]));
  const response = await under.post(unasked);
  expect(response.status).toBe(502);
  expect(await response.json()).toMatchObject({ error: { code: "upstream_error" } });
  expect((await under.rows(1))[0]?.status).toBe(502);
});

test("an error before the stream is a real status", async () => {
  const error = { message: "too long", type: "exceed_context_size_error", code: 400 };
  const under = gatewayWith((answer) => answer.json(400, { error }));
  const response = await under.post(unasked);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: "context_length_exceeded" } });
});

test("a stream that stalls is ended with a timeout", async () => {
  const under = gatewayWith(
    sending([words], () => undefined),
    { inter_token_timeout_ms: 30 },
  );
  expect(failureIn(await (await under.post(unasked)).text())).toMatchObject({ code: "timeout" });
  const [row] = await under.rows(1);
  expect(row).toMatchObject({ status: 504, completion_tokens: 2, source: "estimated" });
});

test("a quiet stream is pinged", async () => {
  const under = gatewayWith(
    sending([words], () => undefined),
    { ping_ms: 20 },
  );
  const response = await under.post(unasked);
  expect(await readUntil(response, ": ping\n\n: ping\n\n")).toStartWith(words);
  await response.body?.cancel();
});

test("when the client leaves, the runtime is told at once and what passed is counted", async () => {
  const gone = Promise.withResolvers<void>();
  const under = gatewayWith(
    sending([words], (answer) => {
      void answer.gone.then(gone.resolve);
    }),
  );
  const client = new AbortController();
  const response = await under.post(unasked, { signal: client.signal });
  await readUntil(response, "lo");
  client.abort();
  await gone.promise;
  const [row] = await under.rows(1);
  expect(row).toMatchObject({ status: 499, completion_tokens: 2, source: "estimated" });
  expect(row?.prompt_tokens).toBeGreaterThan(0);
  expect(under.gateway.inflight()).toBe(0);
});

test("a revoked key's streams are cut, and only its own", async () => {
  const under = gatewayWith(sending([words], () => undefined));
  const first = await under.post(unasked);
  const second = await under.post(unasked, {
    headers: { authorization: "Bearer hv_second", "content-type": "application/json" },
  });
  await readUntil(second, "lo");
  expect(under.gateway.inflight()).toBe(2);
  expect(under.gateway.cut(({ key_id }) => key_id === "key_1")).toBe(1);
  expect(failureIn(await first.text())).toMatchObject({ code: "invalid_api_key" });
  expect((await under.rows(1))[0]?.status).toBe(401);
  expect(under.gateway.inflight()).toBe(1);
  expect(under.gateway.cut(({ key_id }) => key_id === "key_1")).toBe(0);
  await second.body?.cancel();
});
