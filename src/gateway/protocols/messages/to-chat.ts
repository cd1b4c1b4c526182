/** A request for a message (Anthropic's Messages API) as the request for a chat that asks the same. Pure. */

import { textOf } from "../../reading/message.ts";
import { isObject } from "../../request/json.ts";
import { toolsOf } from "./tools.ts";

type Body = Readonly<Record<string, unknown>>;
type Json = Record<string, unknown>;

const same = ["model", "temperature", "top_p", "top_k", "stream", "max_tokens"];

/** BODY must have been checked. */
export function toChat(body: Body): Json {
  const chat: Json = {};
  for (const field of same) if (body[field] !== undefined) chat[field] = body[field];
  chat["messages"] = [...systemOf(body["system"]), ...listOf(body["messages"]).flatMap(messagesOf)];
  if (Array.isArray(body["stop_sequences"])) chat["stop"] = body["stop_sequences"];
  const user = isObject(body["metadata"]) ? body["metadata"]["user_id"] : undefined;
  if (typeof user === "string") chat["user"] = user;
  // A model that thinks does so unasked; llama-server, vLLM and SGLang all know this way to tell it not to.
  if (isObject(body["thinking"]) && body["thinking"]["type"] === "disabled") {
    chat["chat_template_kwargs"] = { enable_thinking: false };
  }
  return { ...chat, ...toolsOf(body) };
}

const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

const joined = (blocks: readonly Json[], type: string): string =>
  blocks
    .filter((block) => block["type"] === type)
    .map((block) => textOf(block[type]))
    .join("\n");

const contentText = (content: unknown): string =>
  typeof content === "string" ? content : joined(listOf(content), "text");

/**
 * Claude Code's first block carries a hash that is another one in every request, and with it no prefix
 * would ever be found in a cache (llama.cpp #21793). It means nothing to a model.
 */
const stamp = /^x-anthropic-billing-header:(?: *[a-z_]+=[^;\n]*;)* *\n*/;

function systemOf(system: unknown): Json[] {
  const blocks = typeof system === "string" ? [system] : listOf(system).map(contentOfBlock);
  const content = blocks
    .map((text) => text.replace(stamp, ""))
    .filter((text) => text !== "")
    .join("\n");
  return content === "" ? [] : [{ role: "system", content }];
}

const contentOfBlock = ({ text }: Json): string => textOf(text);

/** One message may hold several: what a tool gave is a message of its own in a chat. */
function messagesOf({ role, content }: Json): Json[] {
  if (role === "system") return [{ role, content: contentText(content) }];
  if (typeof content === "string") return [{ role, content }];
  const blocks = listOf(content);
  return role === "assistant" ? assistantMessages(blocks) : userMessages(blocks);
}

/** Runtimes read thinking where they write it; in between two calls of tools models need it back. */
function assistantMessages(blocks: readonly Json[]): Json[] {
  const calls = blocks.filter(({ type }) => type === "tool_use").map(callOf);
  const thinking = joined(blocks, "thinking");
  const text = joined(blocks, "text");
  if (text === "" && calls.length === 0) return [];
  return [
    {
      role: "assistant",
      content: text === "" ? null : text,
      ...(thinking !== "" && { reasoning_content: thinking }),
      ...(calls.length > 0 && { tool_calls: calls }),
    },
  ];
}

const callOf = ({ id, name, input }: Json): Json => ({
  id,
  type: "function",
  function: { name, arguments: JSON.stringify(input ?? {}) },
});

/** Results first: templates want them directly behind the calls. Their pictures can only come after all. */
function userMessages(blocks: readonly Json[]): Json[] {
  const results = blocks.filter(({ type }) => type === "tool_result");
  const pictures = results.flatMap(({ content }) => listOf(content).filter(isImage));
  const parts = [...pictures, ...blocks].flatMap(partOf);
  const messages = results.map(resultOf);
  return parts.length === 0 ? messages : [...messages, { role: "user", content: simple(parts) }];
}

const isImage = ({ type }: Json): boolean => type === "image";

/** A chat has no mark for a tool that failed, so the model is told in words. */
function resultOf({ tool_use_id, content, is_error }: Json): Json {
  const text = contentText(content);
  return {
    role: "tool",
    tool_call_id: tool_use_id,
    content: is_error === true ? `Error: ${text}` : text,
  };
}

/** Templates of models without pictures may know text alone, so it stays text where it can. */
const simple = (parts: readonly Json[]): unknown =>
  parts.every(({ type }) => type === "text") ? joined(parts, "text") : parts;

function partOf({ type, text, source }: Json): Json[] {
  if (type === "text") return [{ type: "text", text: textOf(text) }];
  if (type !== "image" || !isObject(source)) return [];
  const url =
    source["type"] === "base64"
      ? `data:${textOf(source["media_type"])};base64,${textOf(source["data"])}`
      : source["url"];
  return [{ type: "image_url", image_url: { url } }];
}
