import { expect, test } from "bun:test";
import { affinityOf, isCached } from "./affinity.ts";

type Json = Record<string, unknown>;

const of = (body: Json, sticky: string | null = null) => affinityOf({ body }, sticky);

const said =
  (role: string) =>
  (content: unknown): Json => ({ role, content });
const system = said("system");
const user = said("user");
const assistant = said("assistant");
const chat = (...messages: unknown[]) => of({ messages });

const long = "You are a helpful assistant of ACME. ".repeat(200);

test.each<[string, Json[]]>([
  ["no system prompt", []],
  ["a system prompt", [system("Be kind.")]],
  ["a long system prompt", [system(long)]],
  ["a developer's message too", [system("Be kind."), said("developer")("Be short.")]],
])("with %s a conversation has one number from its first turn on", (_, before) => {
  const first = [...before, user("Where is the rum?")];
  const second = [...first, assistant("Gone."), user("Why?")];
  const third = [...second, assistant(null), said("tool")("42"), assistant("So."), user("Oh")];
  expect(chat(...second)).toBe(chat(...first));
  expect(chat(...third)).toBe(chat(...first));
  expect(chat(...before, user("Where is the ship?"))).not.toBe(chat(...first));
});

test("conversations behind one long prompt have numbers of their own", () => {
  const questions = Array.from({ length: 100 }, (_, index) => `question ${index}`);
  const numbers = questions.map((question) => chat(system(long), user(question)));
  expect(new Set(numbers).size).toBe(100);
});

test("whatever comes before the first question counts, and in its order", () => {
  const numbers = [
    chat(system("a"), system("b"), user("c")),
    chat(system("b"), system("a"), user("c")),
    chat(system("ab"), user("c")),
    chat(user("a"), system("b"), user("c")),
    of({ system: "a", messages: [user("c")] }),
    of({ tools: [{ function: { name: "a" } }], messages: [user("c")] }),
    of({ tools: [{ function: { name: "b" } }], messages: [user("c")] }),
    of({ tools: [{ name: "a", description: "b" }], messages: [user("c")] }),
    of({ tools: [{ type: "web_search" }], messages: [user("c")] }),
  ];
  expect(new Set(numbers).size).toBe(numbers.length);
});

test("parts count, each of them, and one part of text is what a text is", () => {
  const text = (text: string) => ({ type: "text", text });
  const image = (url: string) => ({ type: "image_url", image_url: { url } });
  const numbers = [
    chat(user([text("a"), text("b")])),
    chat(user([text("b"), text("a")])),
    chat(user([text("a"), image("data:,x")])),
    chat(user([text("a"), image("data:,y")])),
    chat(user([image("data:,y"), text("a")])),
    chat(user("a")),
  ];
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(chat(user([text("a")]))).toBe(chat(user("a")));
});

test("the header that Claude Code changes in every request does not count", () => {
  const asked = (hash: string) =>
    of({
      system: [
        { type: "text", text: `x-anthropic-billing-header: ${hash}` },
        { type: "text", text: "You are Claude Code.", cache_control: { type: "ephemeral" } },
      ],
      messages: [user("Hi")],
    });
  expect(asked("1")).toBe(asked("2"));
});

test("responses and prompts have numbers too", () => {
  const first = { instructions: "Be kind.", input: [user([{ type: "input_text", text: "Hi" }])] };
  const output = [{ type: "function_call", name: "f" }, { type: "function_call_output" }];
  expect(of({ ...first, input: [...first.input, ...output] })).toBe(of(first));
  const numbers = [
    of(first),
    of({ ...first, instructions: "Be rude." }),
    of({ input: "Hi" }),
    of({ input: "Ho" }),
    of({ prompt: ["Hi", "Hi"] }),
    of({ prompt: [1, 2] }),
    of({ prompt: [1, 3] }),
  ];
  expect(new Set(numbers).size).toBe(numbers.length);
  const prompt = "x".repeat(2_000);
  expect(of({ prompt: `${prompt}and on` })).toBe(of({ prompt }));
});

test("what a client says to keep together is kept together", () => {
  const sticky = (name: string, text: string) => of({ messages: [user(text)] }, name);
  expect(sticky("session", "a")).toBe(sticky("session", "b"));
  expect(sticky("session", "a")).not.toBe(sticky("other", "a"));
});

test("what no cache helps is told from what one does", () => {
  expect((["embeddings", "rerank", "audio/transcriptions"] as const).some(isCached)).toBe(false);
  expect((["chat/completions", "messages", "completions"] as const).every(isCached)).toBe(true);
});

test("what is nested too deeply to be walked through has a number all the same", () => {
  let content: unknown = "a";
  for (let depth = 0; depth < 100_000; depth++) content = [content];
  expect(chat(user(content))).toBeNumber();
});
