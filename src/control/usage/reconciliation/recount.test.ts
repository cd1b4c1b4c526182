import { expect, test } from "bun:test";
import { type AskRuntime, type BrokenOff, recount } from "./recount.ts";

const messages = [{ role: "user", content: "secret" }];
const chat = (changes: Partial<BrokenOff> = {}): BrokenOff => ({
  runtime: "vllm",
  path: "/v1/chat/completions",
  text: JSON.stringify({ model: "org/model", messages }),
  frames: 7,
  ...changes,
});
const completion = (prompt: unknown, changes: object = {}): BrokenOff =>
  chat({
    path: "/v1/completions",
    text: JSON.stringify({ model: "org/model", prompt, ...changes }),
  });

/** A runtime that answers each question with the next of ANSWERS. */
function runtime(...answers: unknown[]) {
  const asked: [path: string, body: unknown][] = [];
  const ask: AskRuntime = async (path, body) => {
    asked.push([path, body]);
    return answers.shift();
  };
  return { ask, asked };
}

test("vLLM is asked with all that shapes its prompt, and with nothing else", async () => {
  const shaping = {
    model: "org/model",
    messages,
    tools: [{ type: "function", function: { name: "f" } }],
    chat_template_kwargs: { enable_thinking: false },
    add_generation_prompt: false,
    continue_final_message: true,
  };
  const text = JSON.stringify({ ...shaping, stream: true, temperature: 0, chat_template: null });
  const { ask, asked } = runtime({ count: 12, max_model_len: 4096, tokens: [] });
  expect(await recount(ask, chat({ text }))).toEqual({
    prompt_tokens: 12,
    completion_tokens: 7,
    cached_tokens: 0,
  });
  expect(asked).toEqual([["/tokenize", shaping]]);
});

test("of several prompts the sum counts, and tokens are their own count", async () => {
  const { ask, asked } = runtime({ count: 3 }, { count: 4 });
  const mixed = completion(["a", "b", [1, 2]], { add_special_tokens: false });
  expect((await recount(ask, mixed))?.prompt_tokens).toBe(9);
  expect(asked[0]).toEqual([
    "/tokenize",
    { model: "org/model", prompt: "a", add_special_tokens: false },
  ]);
  expect((await recount(runtime().ask, completion([1, 2, 3])))?.prompt_tokens).toBe(3);
});

const unknowable: [what: string, request: BrokenOff][] = [
  ["a provider", chat({ runtime: "provider" })],
  ["SGLang", chat({ runtime: "sglang" })],
  ["a path without text", chat({ path: "/v1/images/generations" })],
  ["a body that is no JSON", chat({ text: "{" })],
  ["a body without messages", chat({ text: "{}" })],
  ["messages that are none", chat({ text: '{"messages":{}}' })],
  [
    "a picture",
    chat({ text: '{"messages":[{"content":[{"type":"image_url","image_url":{"url":"x"}}]}]}' }),
  ],
  ["sound", chat({ text: '{"messages":[{"content":[{"type":"input_audio"}]}]}' })],
  ["more than a megabyte", completion("a".repeat(1024 * 1024))],
  ["very many prompts", completion(Array.from({ length: 17 }, () => "a"))],
  ["no prompt", completion(null)],
  ["a prompt of numbers that are no tokens", completion([1.5])],
  ["prompts of which one is none", completion([[1], null])],
];
for (const [what, request] of unknowable) {
  test(`for ${what} nothing is known, and nothing is asked`, async () => {
    const { ask, asked } = runtime({ count: 1 });
    expect(await recount(ask, request)).toBeNull();
    expect(asked).toEqual([]);
  });
}

for (const answer of [null, "text", [], {}, { count: "12" }, { count: -1 }, { count: 1.5 }]) {
  test(`an answer such as ${JSON.stringify(answer)} is no count`, async () => {
    expect(await recount(runtime(answer).ask, chat())).toBeNull();
    const llama = chat({ runtime: "llama-server" });
    expect(await recount(runtime(answer, answer).ask, llama)).toBeNull();
  });
}

test("an error of the runtime, which may quote the prompt, goes nowhere", async () => {
  const ask = () => Promise.reject(new Error("cannot parse 'secret'"));
  expect(await recount(ask, chat())).toBeNull();
});

test("a runtime that never answers costs a second, and hears that nobody waits any more", async () => {
  let signal: AbortSignal | undefined;
  const ask: AskRuntime = (_path, _body, given) => {
    signal = given;
    return new Promise(() => undefined);
  };
  const before = performance.now();
  expect(await recount(ask, chat())).toBeNull();
  expect(performance.now() - before).toBeLessThan(1500);
  expect(signal?.aborted).toBe(true);
});
