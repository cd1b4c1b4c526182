/** What of a request does not reach a runtime, on every protocol, and what of an answer does not reach a client. */
import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { withProviders } from "../control/models/providers/pool.ts";
import { leftOut } from "./fields.ts";
import { frames, gatewayUnderTest, hello, type readyReplica } from "./gateway.testbed.ts";
import { parseForm } from "./request/form.ts";
import { requestOfForm } from "./request/parsed-request.ts";
import { scriptedServer } from "./upstream/scripted-server.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
const message = { role: "assistant", content: "Hi." };
const canary = "canary-in-the-prompt";
const answer = {
  choices: [{ index: 0, message, text: "Hi.", finish_reason: "stop" }],
  data: [{ index: 0, embedding: [0.5] }],
  results: [],
  usage,
  __verbose: { prompt: canary },
  prompt_text: canary,
};

/** A runtime that tells of itself, a provider that does, and the bodies that each of them got. */
function under() {
  const bodies: string[] = [];
  const server = scriptedServer(({ body }, answering) => {
    bodies.push(body);
    if (!/"stream": ?true/.test(body)) return answering.json(200, answer);
    answering.startStream();
    const last = { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
    const told = [
      { choices: [{ index: 0, delta: { content: "Hi." } }] },
      { choices: [{ index: 0, delta: { content: "Yo." } }], __verbose: { prompt: canary } },
      { ...last, __verbose: { prompt: canary } },
      { choices: [], usage, __verbose: { prompt: canary } },
    ];
    for (const frame of told) answering.chunk(`data: ${JSON.stringify(frame)}\n\n`);
    answering.chunk(frames.done);
    answering.finish();
  });
  const provider = {
    id: "prv_1",
    name: "Far",
    key: "sealed",
    enabled: true,
    slots: 4,
    created_at: 7,
    base_url: `http://127.0.0.1:${server.port}/v1`,
    models: [{ name: "far", upstream: "far", burst: false }],
  };
  const models = withProviders<ReturnType<typeof readyReplica>>([], [provider], () => "sk-canary");
  const gateway = gatewayUnderTest({ ports: [server.port], models });
  cleanups.push(gateway.stop, server.stop);
  const ask = (path: string, body: unknown) =>
    fetch(`${gateway.url}/v1/${path}`, {
      method: "POST",
      headers: { authorization: "Bearer hv_first", "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  return { ask, bodies };
}

const protocols: readonly [string, object][] = [
  ["chat/completions", hello],
  ["completions", { model: "demo", prompt: "hi" }],
  ["responses", { model: "demo", input: "hi" }],
  ["messages", { ...hello, max_tokens: 5 }],
  ["embeddings", { model: "demo", input: "hi" }],
  ["rerank", { model: "demo", query: "hi", documents: ["ho"] }],
];

const dangerous: Readonly<Record<string, unknown>> = {
  verbose: true,
  __verbose: 1,
  response_fields: ["prompt"],
  return_tokens: true,
  return_token_ids: true,
  return_prompt_text: true,
  return_hidden_states: "last",
  return_routed_experts: true,
  return_meta_info: true,
  custom_logit_processor: "gASV",
  custom_params: {},
  logits_processors: ["os.system"],
  vllm_xargs: { a: 1 },
  prompt_embeds: "UEsD",
  chat_parser: "{}",
  id_slot: 0,
  kv_transfer_params: { remote_host: "x" },
  ec_transfer_params: {},
  session_params: {},
  bootstrap_host: "10.0.0.1",
  bootstrap_port: 1,
  data_parallel_rank: 1,
  lora: [{ id: 0, scale: 9 }],
  lora_path: "/x",
  allowed_local_media_path: "/",
  chat_template: "{{ messages }}",
  mm_processor_kwargs: {},
  media_io_kwargs: {},
};

describe.each(protocols)("%s", (path, body) => {
  test("refuses each dangerous field by its name, and no runtime hears of it", async () => {
    const { ask, bodies } = under();
    for (const [field, value] of Object.entries(dangerous)) {
      const response = await ask(path, { ...body, [field]: value });
      const text = await response.text();
      expect([field, response.status]).toEqual([field, 400]);
      expect(text).toContain(`\`${field}\``);
    }
    expect(bodies).toEqual([]);
  });

  test("tells nothing of the runtime's own state", async () => {
    const response = await under().ask(path, body);
    const text = await response.text();
    expect([response.status, text]).toEqual([200, expect.not.stringContaining(canary)]);
    expect(text).not.toContain("__verbose");
  });

  test("leaves out what is not known, and what is off", async () => {
    const { ask, bodies } = under();
    const response = await ask(path, { ...body, never_heard_of: 1, Verbose: true, verbose: false });
    expect(response.status).toBe(200);
    expect(bodies).toHaveLength(1);
    expect(bodies[0]).not.toMatch(/never_heard_of|verbose/i);
    expect(bodies[0]).toContain('"model":"demo"');
  });
});

test.each(["chat/completions", "completions", "responses", "messages"])(
  "a stream of %s tells nothing of the runtime's own state, and all else",
  async (path) => {
    const { ask } = under();
    const [, body] = protocols.find(([name]) => name === path) ?? [];
    const text = await (
      await ask(path, { ...body, stream: true, stream_options: { include_usage: true } })
    ).text();
    expect(text).not.toContain(canary);
    expect(text).not.toContain("__verbose");
    if (path === "completions") return;
    expect(text).toContain("Hi.");
    expect(text).toContain("Yo.");
    expect(text).toMatch(/"(?:completion|output)_tokens":2/);
  },
);

test.each([
  ["chat/completions", "chat/completions/completions", "ChatCompletionCreateParamsBase"],
  ["completions", "completions", "CompletionCreateParamsBase"],
  ["embeddings", "embeddings", "EmbeddingCreateParams"],
  ["images/generations", "images", "ImageGenerateParamsBase"],
  ["audio/speech", "audio/speech", "SpeechCreateParams"],
] as const)("no field of %s that the `openai` client knows is left out", (kind, file, name) => {
  const types = readFileSync(
    new URL(`../../node_modules/openai/resources/${file}.d.ts`, import.meta.url),
    "utf8",
  );
  const from = types.indexOf(`export interface ${name} {`);
  const fields = types.slice(from, types.indexOf("\n}\n", from)).matchAll(/^ {4}(\w+)\??:/gm);
  const body = Object.fromEntries([...fields].map(([, field]) => [field, 1]));
  expect(body).toHaveProperty("model");
  expect(leftOut(kind, body)).toEqual([]);
});

test("what people tune with goes up byte for byte", async () => {
  const { ask, bodies } = under();
  const body = `{ "model":"demo", "top_k": 1, "min_p":0.0, "grammar":"root ::= \\"a\\"", "seed":18446744073709551615,
    "chat_template_kwargs":{"enable_thinking":false}, "response_format":{"type":"text"}, "messages":[{"role":"user"}] }`;
  expect((await ask("chat/completions", body)).status).toBe(200);
  expect(bodies).toEqual([body]);
});

test("a provider gets the fields of its own", async () => {
  const { ask, bodies } = under();
  const own = { transforms: ["middle-out"], provider: { order: ["x"] } };
  expect((await ask("chat/completions", { ...hello, model: "far", ...own })).status).toBe(200);
  expect(JSON.parse(bodies[0] ?? "")).toMatchObject(own);
});

test.each(["chat_template", "tokenize"])("a template is not told %s", async (word) => {
  const { ask, bodies } = under();
  for (const path of ["chat/completions", "responses"]) {
    const [, body] = protocols.find(([name]) => name === path) ?? [];
    const response = await ask(path, { ...body, chat_template_kwargs: { [word]: "x" } });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(`chat_template_kwargs.${word}`);
  }
  const twice = `{"chat_template_kwargs":{"${word}":"x"},"model":"demo","messages":[{}],"chat_template_kwargs":{}}`;
  expect((await ask("chat/completions", twice)).status).toBe(200);
  expect(bodies[0]).not.toContain(word === "tokenize" ? "tokenize" : '"chat_template"');
});

test("many unknown fields cost no more than reading them", async () => {
  const { ask, bodies } = under();
  const extra = Object.fromEntries(Array.from({ length: 200_000 }, (_, at) => [`x${at}`, 1]));
  expect((await ask("chat/completions", { ...hello, ...extra })).status).toBe(200);
  expect(JSON.parse(bodies[0] ?? "")).toEqual(hello);
}, 5_000);

const pictures = [
  "file:///etc/passwd",
  "FILE:/etc/passwd",
  " file:///x",
  "/srv/a.png",
  "../a.png",
  "ftp://x/a.png",
];
test.each(pictures)("%p is no address of a picture", async (url) => {
  const { ask, bodies } = under();
  const asked: [string, object][] = [
    ["chat/completions", { role: "user", content: [{ type: "image_url", image_url: { url } }] }],
    ["chat/completions", { role: "user", content: [{ type: "image_url", image_url: url }] }],
    ["chat/completions", { role: "user", content: [{ type: "video_url", video_url: { url } }] }],
    ["chat/completions", { role: "user", content: [{ type: "audio_url", audio_url: { url } }] }],
    ["chat/completions", { role: "user", content: [{ content: "x", image_url: { url } }] }],
    ["messages", { role: "user", content: [{ type: "image", source: { type: "url", url } }] }],
    ["responses", { role: "user", content: [{ type: "input_image", image_url: url }] }],
  ];
  for (const [path, turn] of asked) {
    const list = path === "responses" ? { input: [turn] } : { messages: [turn] };
    const response = await ask(path, { model: "demo", max_tokens: 5, ...list });
    expect([path, response.status]).toEqual([path, 400]);
    expect(await response.text()).not.toContain("passwd");
  }
  expect(bodies).toEqual([]);
});

test("a picture in the result of a tool is looked at, however deep others lie", async () => {
  const { ask } = under();
  const source = { type: "url", url: "file:///etc/passwd" };
  const result = { type: "tool_result", tool_use_id: "1", content: [{ type: "image", source }] };
  const turn = { role: "user", content: [result] };
  expect((await ask("messages", { ...hello, max_tokens: 5, messages: [turn] })).status).toBe(400);
  const deep = `${'{"content":['.repeat(20_000)}${"]}".repeat(20_000)}`;
  const text = `{"model":"demo","messages":[${deep}]}`;
  expect((await ask("chat/completions", text)).status).toBe(200);
});

test("a picture in the request itself passes, a tensor does not", async () => {
  const { ask, bodies } = under();
  const url = "data:image/png;base64,AAAA";
  const turn = (part: object) => ({ ...hello, messages: [{ role: "user", content: [part] }] });
  const picture = turn({ type: "image_url", image_url: { url } });
  expect((await ask("chat/completions", picture)).status).toBe(200);
  const tensor = turn({ type: "image_embeds", image_embeds: "UEsD" });
  expect((await ask("chat/completions", tensor)).status).toBe(400);
  expect(bodies).toHaveLength(1);
});

test("an upload with a dangerous field is refused by its name", async () => {
  const form = new FormData();
  form.set("model", "demo");
  form.set("file", new File([new Uint8Array([1])], "a.wav"));
  const read = async () => {
    const request = new Request("http://x", { method: "POST", body: form });
    const type = request.headers.get("content-type") ?? "";
    return requestOfForm(
      parseForm(Buffer.from(await request.arrayBuffer()), type),
      "audio/transcriptions",
    );
  };
  expect((await read()).model).toBe("demo");
  form.set("vllm_xargs[a]", "1");
  await expect(read()).rejects.toThrow("`vllm_xargs` does not work here");
});
