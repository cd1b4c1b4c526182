import { expect, test } from "bun:test";
import { affinityOf } from "./affinity.ts";

const chat = (...contents: unknown[]) => ({
  body: { messages: contents.map((content) => ({ role: "user", content })) },
});

test("a conversation keeps its number as it grows, and others have another", () => {
  const begun = affinityOf(chat("You are a pirate.", "Where is the rum?"), null);
  const grown = chat("You are a pirate.", "Where is the rum?", "Gone.", "Why?");
  expect(affinityOf(grown, null)).toBe(begun);
  expect(affinityOf(chat("You are a pirate.", "Where is the ship?"), null)).not.toBe(begun);
});

test("a long prefix is enough", () => {
  const long = "x".repeat(600);
  expect(affinityOf(chat(long, "a"), null)).toBe(affinityOf(chat(long, "b"), null));
});

test("what a client says to keep together is kept together", () => {
  expect(affinityOf(chat("a"), "session")).toBe(affinityOf(chat("b"), "session"));
  expect(affinityOf(chat("a"), "session")).not.toBe(affinityOf(chat("a"), "other"));
});

test("prompts, inputs and parts of messages count", () => {
  const numbers = [
    { body: { prompt: "a" } },
    { body: { prompt: ["b"] } },
    { body: { input: "c" } },
    { body: { input: [{ role: "user", content: [{ type: "input_text", text: "d" }] }] } },
    { body: { messages: [{ content: [{ type: "text", text: "e" }] }] } },
    { body: { system: "f", messages: [{ content: "e" }] } },
  ].map((ask) => affinityOf(ask, null));
  expect(new Set(numbers).size).toBe(numbers.length);
});
