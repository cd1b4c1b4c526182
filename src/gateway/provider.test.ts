/** A model that a provider serves, from a client's point of view. */
import { afterEach, expect, test } from "bun:test";
import { withProviders } from "../control/models/providers/pool.ts";
import { frames, gatewayUnderTest, hello, readyReplica } from "./gateway.testbed.ts";
import { scriptedServer } from "./upstream/scripted-server.ts";

type Script = Parameters<typeof scriptedServer>[0];

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A gateway in front of a provider that answers by SCRIPT, as an admin would have entered it. */
function provided(script: Script) {
  const server = scriptedServer(script);
  const provider = {
    id: "prv_1",
    name: "Far",
    key: "sealed",
    enabled: true,
    slots: 4,
    created_at: 7,
    base_url: `http://127.0.0.1:${server.port}/openai/v2`,
    models: [{ name: "far", upstream: "their/far", burst: false }],
  };
  const models = withProviders<ReturnType<typeof readyReplica>>([], [provider], () => "sk-canary");
  const under = gatewayUnderTest({ ports: [], models });
  cleanups.push(under.stop, server.stop);
  return under;
}

const ask = { ...hello, model: "far" };
const choices = [{ index: 0, message: { content: "Hi." }, finish_reason: "stop" }];
const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };

test("it is asked under its own name for the model, with its own key and path and nothing of the client", async () => {
  const seen: { path: string; head: string; body: string }[] = [];
  const under = provided((request, answer) => {
    seen.push(request);
    answer.json(200, { choices, usage });
  });
  for (let time = 0; time < 2; time++) {
    const response = await under.post(ask);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ usage });
  }
  expect(seen[0]?.path).toBe("/openai/v2/chat/completions");
  expect(seen[0]?.head).toContain("\r\nauthorization: Bearer sk-canary\r\n");
  expect(seen[0]?.head).not.toContain("hv_first");
  expect(JSON.parse(seen[0]?.body ?? "")).toEqual({ ...hello, model: "their/far" });
  const [row] = await under.rows(2);
  expect(row).toMatchObject({ model: "far", replica: "prv_1", source: "engine" });
});

test("its stream passes, and is counted", async () => {
  const { word, stop, done } = frames;
  const under = provided(({ body }, answer) => {
    expect(JSON.parse(body)).toMatchObject({ stream_options: { include_usage: true } });
    answer.startStream();
    for (const piece of [frames.role, word("far"), stop, frames.usage, done]) answer.chunk(piece);
    answer.finish();
  });
  const text = await (await under.post({ ...ask, stream: true })).text();
  expect(text).toContain('"content":"far"');
  expect(text).toEndWith("data: [DONE]\n\n");
  const [row] = await under.rows(1);
  expect(row).toMatchObject({ prompt_tokens: 9, completion_tokens: 2, source: "engine" });
});

test.each([
  [401, 502, "upstream_error"],
  [403, 502, "upstream_error"],
  [429, 503, "overloaded"],
  [500, 502, "upstream_error"],
  [503, 503, "overloaded"],
])("its %d is not the client's: that gets %d", async (theirs, ours, code) => {
  const error = { message: "Incorrect API key provided: sk-canary.", type: "x", code: "bad_key" };
  const under = provided((_, answer) => answer.json(theirs, { error }));
  const response = await under.post(ask);
  const text = await response.text();
  expect(response.status).toBe(ours);
  expect(JSON.parse(text)).toMatchObject({ error: { code } });
  expect(text).not.toContain("canary");
  expect(response.headers.get("www-authenticate")).toBeNull();
});

test("a redirect is neither followed nor passed on", async () => {
  const paths: string[] = [];
  const under = provided(({ path }, answer) => {
    paths.push(path);
    answer.raw("HTTP/1.1 307 X\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n");
  });
  const response = await under.post(ask, { redirect: "manual" });
  expect(response.status).toBe(502);
  expect(response.headers.get("location")).toBeNull();
  expect(paths).toEqual(["/openai/v2/chat/completions"]);
});

test("a pool without a place bursts out, and the provider takes no more than its slots", async () => {
  const full = Promise.withResolvers<void>();
  const finish: (() => void)[] = [];
  const script: Script = (_, answer) => {
    finish.push(() => answer.json(200, { choices, usage }));
    if (finish.length === 3) full.resolve();
  };
  const [own, far] = [scriptedServer(script), scriptedServer(script)];
  const local = { ...readyReplica("rep_1", own.port), slots: 1 };
  const model = {
    id: "mdl_burst",
    name: "burst",
    created_at: 1,
    ready: [local],
    reason: null,
    endpoint: null,
  } as const;
  const provider = {
    id: "prv_1",
    name: "Far",
    key: "",
    enabled: true,
    slots: 1,
    created_at: 7,
    base_url: `http://127.0.0.1:${far.port}/v1`,
    models: [{ name: "burst", upstream: "burst", burst: true }],
  };
  const models = withProviders<typeof local>([model], [provider], () => "");
  const under = gatewayUnderTest({ ports: [], models });
  cleanups.push(under.stop, own.stop, far.stop);
  const posts = [1, 2, 3].map(() => under.post({ ...hello, model: "burst" }));
  await full.promise;
  for (const answer of finish) answer();
  for (const post of posts) expect((await post).status).toBe(200);
  const replicas = (await under.rows(3)).map(({ replica }) => replica).sort();
  expect(replicas).toEqual(["prv_1", "rep_1", "rep_1"]);
});
