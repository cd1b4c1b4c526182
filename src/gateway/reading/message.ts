/** What a message, or a piece of one, says. */
import { isObject } from "../request/json.ts";

type Json = Record<string, unknown>;

export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** What was thought, under either of the names that are in use (vLLM has changed it). */
export const thoughtIn = (message: Readonly<Json>): string =>
  textOf(message["reasoning_content"]) || textOf(message["reasoning"]);

/** What was said, be it that it will not. */
export const speechIn = (message: Readonly<Json>): string =>
  textOf(message["content"]) || textOf(message["refusal"]);

/** Mistral gives text and thoughts as a list of parts. With any other part in it MESSAGE stays as it is. */
export function withPlainContent(message: Json): Json {
  const { content } = message;
  if (!Array.isArray(content)) return message;
  const parts = content.map(partOf);
  if (parts.some((part) => part === null)) return message;
  const of = (key: "text" | "thought") => parts.map((part) => part?.[key] ?? "").join("");
  const thought = thoughtIn(message) || of("thought");
  return {
    ...message,
    content: of("text"),
    ...(thought !== "" && { reasoning_content: thought }),
  };
}

function partOf(part: unknown): { text?: string; thought?: string } | null {
  if (typeof part === "string") return { text: part };
  if (!isObject(part)) return null;
  const { type, text, thinking } = part;
  if (type === "thinking") return { thought: thoughtOf(thinking) };
  return typeof text === "string" ? { text } : null;
}

const thoughtOf = (thinking: unknown): string =>
  Array.isArray(thinking)
    ? thinking.map((part) => (isObject(part) ? textOf(part["text"]) : "")).join("")
    : textOf(thinking);

/** The call of the API's first years, which services still give, as one of a tool. */
export function withToolCall(message: Json): Json {
  const { function_call, ...rest } = message;
  if (!isObject(function_call) || Array.isArray(rest["tool_calls"])) return message;
  return { ...rest, tool_calls: [{ index: 0, type: "function", function: function_call }] };
}

/** Characters that a model has written in MESSAGE, its calls with them. */
export function charactersIn(message: Readonly<Json>): number {
  const calls = Array.isArray(message["tool_calls"]) ? message["tool_calls"] : [];
  const called = [...calls, { function: message["function_call"] }].map((call: unknown) => {
    const made = isObject(call) && isObject(call["function"]) ? call["function"] : {};
    return textOf(made["name"]).length + textOf(made["arguments"]).length;
  });
  const said = speechIn(message).length + thoughtIn(message).length;
  return called.reduce((sum, length) => sum + length, said);
}
