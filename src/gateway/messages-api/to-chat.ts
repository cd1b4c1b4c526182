/** A request for a message (Anthropic's Messages API) as the request for a chat that asks the same. Pure. */

import { textOf } from "../chat-reader.ts";
import { isObject } from "../json.ts";

type Body = Readonly<Record<string, unknown>>;
type Json = Record<string, unknown>;

const same = ["model", "temperature", "top_p", "top_k", "stream", "max_tokens"];

export function toChat(body: Body): Json {
  const chat: Json = {};
  for (const field of same) if (body[field] !== undefined) chat[field] = body[field];
  chat["messages"] = [...systemOf(body["system"]), ...listOf(body["messages"]).flatMap(messagesOf)];
  if (body["stop_sequences"] !== undefined) chat["stop"] = body["stop_sequences"];
  const user = isObject(body["metadata"]) ? body["metadata"]["user_id"] : undefined;
  if (typeof user === "string") chat["user"] = user;
  return { ...chat, ...toolsOf(body) };
}

const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

function systemOf(system: unknown): Json[] {
  const content = typeof system === "string" ? system : joined(listOf(system));
  return content === "" ? [] : [{ role: "system", content }];
}

const joined = (blocks: readonly Json[]): string =>
  blocks
    .filter(({ type }) => type === "text")
    .map(({ text }) => textOf(text))
    .join("\n");

/** One message may hold several: what a tool gave is a message of its own in a chat. */
function messagesOf({ role, content }: Json): Json[] {
  if (typeof content === "string") return [{ role, content }];
  const blocks = listOf(content);
  return role === "assistant" ? [assistantMessage(blocks)] : userMessages(blocks);
}

function assistantMessage(blocks: readonly Json[]): Json {
  const calls = blocks.filter(({ type }) => type === "tool_use").map(callOf);
  const text = joined(blocks);
  return {
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

const callOf = ({ id, name, input }: Json): Json => ({
  id,
  type: "function",
  function: { name, arguments: JSON.stringify(input ?? {}) },
});

function userMessages(blocks: readonly Json[]): Json[] {
  const results = blocks.filter(({ type }) => type === "tool_result").map(resultOf);
  const parts = blocks.flatMap(partOf);
  return parts.length === 0 ? results : [...results, { role: "user", content: simple(parts) }];
}

function resultOf({ tool_use_id, content, is_error }: Json): Json {
  const text = typeof content === "string" ? content : joined(listOf(content));
  return {
    role: "tool",
    tool_call_id: tool_use_id,
    content: is_error === true ? `Error: ${text}` : text,
  };
}

/** Templates of models without pictures know text alone, so it stays text where it can. */
function simple(parts: readonly Json[]): unknown {
  const [only] = parts;
  return parts.length === 1 && only?.["type"] === "text" ? only["text"] : parts;
}

function partOf({ type, text, source }: Json): Json[] {
  if (type === "text") return [{ type: "text", text: textOf(text) }];
  if (type !== "image" || !isObject(source)) return [];
  const url =
    source["type"] === "base64"
      ? `data:${textOf(source["media_type"])};base64,${textOf(source["data"])}`
      : source["url"];
  return [{ type: "image_url", image_url: { url } }];
}

function toolsOf(body: Body): Json {
  const tools = listOf(body["tools"])
    .filter(({ input_schema }) => input_schema !== undefined)
    .map(({ name, description, input_schema: parameters }) => ({
      type: "function",
      function: { name, ...(description !== undefined && { description }), parameters },
    }));
  if (tools.length === 0) return {};
  const choice = isObject(body["tool_choice"]) ? body["tool_choice"] : null;
  return {
    tools,
    ...(choice && { tool_choice: choiceOf(choice) }),
    ...(choice?.["disable_parallel_tool_use"] === true && { parallel_tool_calls: false }),
  };
}

function choiceOf({ type, name }: Json): unknown {
  if (type === "tool") return { type: "function", function: { name } };
  return type === "any" ? "required" : type === "none" ? "none" : "auto";
}
