/** A whole answer of a chat as a message (Anthropic's Messages API). Pure. */

import { textOf } from "../chat-reader.ts";
import { isObject } from "../json.ts";
import { noTokens, type Tokens, tokensOf } from "../tokens.ts";

type Json = Record<string, unknown>;

export function fromChat(answer: Json): Json {
  const choices = Array.isArray(answer["choices"]) ? answer["choices"].filter(isObject) : [];
  const choice: Json = choices[0] ?? {};
  const message: Json = isObject(choice["message"]) ? choice["message"] : {};
  return {
    id: messageId(answer["id"]),
    type: "message",
    role: "assistant",
    model: answer["model"],
    content: blocksOf(message),
    stop_reason: stopReason(textOf(choice["finish_reason"])),
    stop_sequence: null,
    usage: usageOf(tokensOf(answer["usage"]) ?? noTokens),
  };
}

export const messageId = (id: unknown): string => `msg_${textOf(id).replace(/^\w+?-/, "")}`;

function blocksOf(message: Json): Json[] {
  const thinking = textOf(message["reasoning_content"] ?? message["reasoning"]);
  const text = textOf(message["content"]);
  const calls = Array.isArray(message["tool_calls"]) ? message["tool_calls"].filter(isObject) : [];
  return [
    ...(thinking === "" ? [] : [{ type: "thinking", thinking, signature: "" }]),
    ...(text === "" && calls.length > 0 ? [] : [{ type: "text", text }]),
    ...calls.map(({ id, function: made }) => ({
      type: "tool_use",
      id,
      name: isObject(made) ? made["name"] : "",
      input: inputOf(isObject(made) ? made["arguments"] : ""),
    })),
  ];
}

/** A model may write arguments that are no JSON; a client gets something that it can refuse by its schema. */
function inputOf(text: unknown): unknown {
  try {
    const input: unknown = JSON.parse(textOf(text) || "{}");
    return isObject(input) ? input : {};
  } catch {
    return {};
  }
}

export function stopReason(finish: string): string {
  if (finish === "length") return "max_tokens";
  if (finish === "tool_calls" || finish === "function_call") return "tool_use";
  return finish === "content_filter" ? "refusal" : "end_turn";
}

/** Anthropic counts what came from the cache apart from the rest of the prompt. */
export const usageOf = ({ prompt_tokens, cached_tokens, completion_tokens }: Tokens): Json => ({
  input_tokens: Math.max(0, prompt_tokens - cached_tokens),
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: cached_tokens,
  output_tokens: completion_tokens,
});

/** The same read back, where a runtime speaks this protocol itself. */
export function tokensOfMessage(usage: unknown): Tokens | null {
  if (!isObject(usage)) return null;
  const count = (name: string): number => {
    const value = usage[name];
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
  };
  const cached_tokens = count("cache_read_input_tokens");
  return {
    prompt_tokens: count("input_tokens") + count("cache_creation_input_tokens") + cached_tokens,
    completion_tokens: count("output_tokens"),
    cached_tokens,
    source: "engine",
  };
}
