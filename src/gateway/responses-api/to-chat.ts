/** A request for a response (OpenAI's Responses API) as the request for a chat that asks the same. Pure. */

import { textOf } from "../chat-reader.ts";
import { isObject } from "../json.ts";

type Json = Record<string, unknown>;
type Body = Readonly<Json>;

const same = [
  ...["model", "temperature", "top_p", "stream", "user", "parallel_tool_calls", "seed"],
  ...["presence_penalty", "frequency_penalty", "service_tier", "prompt_cache_key"],
];

export function toChat(body: Body): Json {
  const chat: Json = {};
  for (const field of same) if (isGiven(body[field])) chat[field] = body[field];
  if (isGiven(body["max_output_tokens"])) chat["max_tokens"] = body["max_output_tokens"];
  chat["messages"] = [...instructionsOf(body["instructions"]), ...messagesOf(body["input"])];
  const effort = isObject(body["reasoning"]) ? body["reasoning"]["effort"] : undefined;
  if (isGiven(effort)) chat["reasoning_effort"] = effort;
  const format = isObject(body["text"]) ? body["text"]["format"] : undefined;
  if (isObject(format) && format["type"] !== "text") chat["response_format"] = formatOf(format);
  return { ...chat, ...toolsOf(body) };
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

function instructionsOf(instructions: unknown): Json[] {
  return typeof instructions === "string" && instructions !== ""
    ? [{ role: "system", content: instructions }]
    : [];
}

function messagesOf(input: unknown): Json[] {
  if (typeof input === "string") return [{ role: "user", content: input }];
  const items = Array.isArray(input) ? input.filter(isObject) : [];
  return items.reduce<Json[]>(addItem, []);
}

/** Calls that were made together stand in one message of a chat, whose answers follow it. */
function addItem(messages: Json[], item: Json): Json[] {
  switch (item["type"] ?? "message") {
    case "message":
      return [...messages, messageOf(item)];
    case "function_call": {
      const last = messages.at(-1);
      const calls = last?.["role"] === "assistant" ? (last["tool_calls"] ?? []) : null;
      if (!Array.isArray(calls)) return [...messages, calling([callOf(item)])];
      return [...messages.slice(0, -1), { ...last, tool_calls: [...calls, callOf(item)] }];
    }
    case "function_call_output":
      return [
        ...messages,
        { role: "tool", tool_call_id: item["call_id"], content: outputOf(item["output"]) },
      ];
    default:
      // Reasoning and references to what was stored elsewhere: a chat has no place for them.
      return messages;
  }
}

const calling = (tool_calls: Json[]): Json => ({ role: "assistant", content: null, tool_calls });

const callOf = (item: Json): Json => ({
  id: item["call_id"],
  type: "function",
  function: { name: item["name"], arguments: textOf(item["arguments"]) },
});

const outputOf = (output: unknown): string =>
  typeof output === "string" ? output : textIn(Array.isArray(output) ? output : []);

const textIn = (parts: readonly unknown[]): string =>
  parts.map((part) => (isObject(part) ? textOf(part["text"]) : "")).join("");

function messageOf({ role, content }: Json): Json {
  const named = role === "developer" ? "system" : role;
  if (!Array.isArray(content)) return { role: named, content };
  const parts = content.filter(isObject).flatMap(partOf);
  const isText = parts.every(({ type }) => type === "text");
  return { role: named, content: isText ? textIn(parts) : parts };
}

function partOf(part: Json): Json[] {
  switch (part["type"]) {
    case "input_text":
    case "output_text":
    case "text":
      return [{ type: "text", text: textOf(part["text"]) }];
    case "refusal":
      return [{ type: "text", text: textOf(part["refusal"]) }];
    case "input_image": {
      const detail = part["detail"];
      return [
        {
          type: "image_url",
          image_url: { url: part["image_url"], ...(isGiven(detail) && { detail }) },
        },
      ];
    }
    case "input_audio":
      return [part];
    default:
      return [];
  }
}

function formatOf(format: Json): Json {
  if (format["type"] !== "json_schema") return format;
  const { type, ...json_schema } = format;
  return { type, json_schema };
}

function toolsOf({ tools, tool_choice }: Body): Json {
  const functions = (Array.isArray(tools) ? tools : []).filter(isObject);
  if (functions.length === 0) return {};
  return {
    tools: functions.map(({ name, description, parameters, strict }) => ({
      type: "function",
      function: {
        name,
        ...(isGiven(description) && { description }),
        ...(isGiven(parameters) && { parameters }),
        ...(isGiven(strict) && { strict }),
      },
    })),
    ...(isGiven(tool_choice) && { tool_choice: choiceOf(tool_choice) }),
  };
}

const choiceOf = (choice: unknown): unknown =>
  isObject(choice) && choice["type"] === "function"
    ? { type: "function", function: { name: choice["name"] } }
    : choice;
