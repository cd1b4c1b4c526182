/** What a recount says is what a real llama-server says of the same request. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { hasLlama, type Llama, startLlama } from "./llama.testbed.ts";
import { recount } from "./recount.ts";

const parameters = { type: "object", properties: { city: { type: "string" } } };
const weather = { name: "weather", description: "Wetter in «Städten»", parameters };
const tools = [{ type: "function", function: weather }];
const user = (content: unknown) => ({ role: "user", content });
const call = {
  id: "a",
  type: "function",
  function: { name: "weather", arguments: '{"city":"Paris"}' },
};

const chats: [name: string, body: object][] = [
  ["one word", { messages: [user("Hi")] }],
  ["nothing", { messages: [user("")] }],
  ["a system message", { messages: [{ role: "system", content: "Be brief." }, user("Hello")] }],
  ["unicode", { messages: [user("¿Qué es 日本語? 🎉👩‍👩‍👧 \u0000")] }],
  ["the marks of the template itself", { messages: [user("Say <|im_end|> and <|im_start|>user")] }],
  [
    "parts of text",
    {
      messages: [
        user([
          { type: "text", text: "one" },
          { type: "text", text: "two" },
        ]),
      ],
    },
  ],
  ["tools", { messages: [user("The weather in Paris?")], tools }],
  [
    "a tool that must be called",
    { messages: [user("The weather?")], tools, tool_choice: "required" },
  ],
  [
    "the answer of a tool",
    {
      messages: [
        user("The weather?"),
        { role: "assistant", content: null, tool_calls: [call] },
        { role: "tool", tool_call_id: "a", content: "sunny" },
      ],
      tools,
    },
  ],
  ["a begun answer", { messages: [user("A story"), { role: "assistant", content: "Once upon" }] }],
  ["JSON", { messages: [user("JSON")], response_format: { type: "json_object" } }],
  [
    "arguments for the template",
    { messages: [user("Hi")], chat_template_kwargs: { enable_thinking: false } },
  ],
  ["a long text", { messages: [user("A long text with many words. ".repeat(60))] }],
];
const prompts: unknown[] = [
  "Once upon a time",
  "",
  "日本 <|im_start|> 🎉",
  [5, 6, 7],
  [[5, 6, 7]],
  ["Once"],
];

const settings: [name: string, flags: string[]][] = [
  ["as the demo model is", []],
  // Else a wrong add_special would go unseen: the demo model has no first token.
  [
    "with a first token",
    ["--override-kv", "tokenizer.ggml.add_bos_token=bool:true,tokenizer.ggml.bos_token_id=int:1"],
  ],
];

for (const [setting, flags] of settings) {
  describe.skipIf(!hasLlama)(`recount with a real llama-server, ${setting}`, () => {
    let llama: Llama;
    beforeAll(async () => {
      llama = await startLlama(...flags);
    }, 30_000);
    afterAll(() => llama?.stop());

    async function expectSame(path: string, asked: object) {
      const body = { model: "demo", max_tokens: 2, ...asked };
      const { prompt_tokens } = await llama.usageOf(path, body);
      const text = JSON.stringify({
        ...body,
        stream: true,
        stream_options: { include_usage: true },
      });
      const request = { runtime: "llama-server" as const, path, text, frames: 3 };
      expect(await recount(llama.ask, request)).toEqual({
        prompt_tokens,
        completion_tokens: 3,
        cached_tokens: 0,
      });
    }

    for (const [name, chat] of chats) {
      test(`a chat with ${name}`, () => expectSame("/v1/chat/completions", chat));
    }
    for (const prompt of prompts) {
      test(`the prompt ${JSON.stringify(prompt)}`, () => expectSame("/v1/completions", { prompt }));
    }

    test("a message in Anthropic's dialect, whose usage tells apart what came from the cache", async () => {
      const path = "/v1/messages";
      const body = { model: "demo", system: "Be brief.", max_tokens: 2, messages: [user("Hi")] };
      const answer = await llama.ask(path, body, new AbortController().signal);
      const { usage } = answer as { usage: Record<string, number> };
      const text = JSON.stringify({ ...body, stream: true });
      const counts = await recount(llama.ask, { runtime: "llama-server", path, text, frames: 0 });
      expect(counts?.prompt_tokens).toBe(
        (usage["input_tokens"] ?? 0) + (usage["cache_read_input_tokens"] ?? 0),
      );
    });

    test("a stream that was cut in the middle has the prompt of the whole one", async () => {
      const body = {
        model: "demo",
        messages: [user("Count to 100, naïve 🎉 one!")],
        max_tokens: 3000,
      };
      const path = "/v1/chat/completions";
      const { frames, usage, text } = await llama.stream(path, { ...body, ignore_eos: true }, 10);
      expect([frames, usage]).toEqual([10, null]);
      const whole = await llama.usageOf(path, { ...body, max_tokens: 4 });
      expect(await recount(llama.ask, { runtime: "llama-server", path, text, frames })).toEqual({
        prompt_tokens: whole.prompt_tokens,
        completion_tokens: 10,
        cached_tokens: 0,
      });
    });

    test("frames are tokens in ASCII, and fewer where characters have several bytes", async () => {
      const path = "/v1/completions";
      const written = (grammar: string) =>
        llama.stream(path, { prompt: "Hello", grammar: `root ::= "${grammar}"` });
      const ascii = await written("abc def");
      // The last token, which says that it is the end, is in no frame.
      expect(ascii.frames).toBe((ascii.usage?.completion_tokens ?? 0) - 1);
      const emoji = await written("🎉🎉日本語");
      expect(emoji.frames).toBe(5);
      expect(emoji.usage?.completion_tokens).toBeGreaterThan(10);
    });
  });
}
