/** A whole answer of a chat as a Response. Pure but for the ids that it makes up. */
import { newId } from "../../identifier.ts";
import { textOf } from "../chat-reader.ts";
import { isObject } from "../json.ts";
import { type Tokens, tokensOf } from "../tokens.ts";
import {
  callItem,
  messageItem,
  reasoningItem,
  responseOf,
  statusFor,
  textPart,
} from "./response.ts";

type Json = Record<string, unknown>;

export function fromChat(answer: Json, body: Readonly<Json>): Json {
  const choices = Array.isArray(answer["choices"]) ? answer["choices"].filter(isObject) : [];
  const choice: Json = choices[0] ?? {};
  const message: Json = isObject(choice["message"]) ? choice["message"] : {};
  const created = answer["created"];
  const made = {
    id: newId("resp"),
    created_at: typeof created === "number" ? created : 0,
    model: answer["model"],
    output: itemsOf(message),
    tokens: tokensOf(answer["usage"]),
  };
  return responseOf(made, statusFor(textOf(choice["finish_reason"])), body);
}

function itemsOf(message: Json): Json[] {
  const reasoning = textOf(message["reasoning_content"] ?? message["reasoning"]);
  const text = textOf(message["content"]);
  const calls = Array.isArray(message["tool_calls"]) ? message["tool_calls"].filter(isObject) : [];
  const isSilent = text === "" && (calls.length > 0 || reasoning !== "");
  return [
    ...(reasoning === "" ? [] : [reasoningItem(newId("rs"), "completed", reasoning)]),
    ...(isSilent ? [] : [messageItem(newId("msg"), "completed", [textPart(text)])]),
    ...calls.map(({ id, function: made }) =>
      callItem(newId("fc"), "completed", {
        call_id: textOf(id),
        name: isObject(made) ? textOf(made["name"]) : "",
        arguments: isObject(made) ? textOf(made["arguments"]) : "",
      }),
    ),
  ];
}

/** `usage` of a Response, where a runtime speaks this protocol itself. */
export function tokensOfResponse(usage: unknown): Tokens | null {
  if (!isObject(usage)) return null;
  const { input_tokens, output_tokens, input_tokens_details } = usage;
  return tokensOf({
    prompt_tokens: input_tokens,
    completion_tokens: output_tokens,
    prompt_tokens_details: input_tokens_details,
  });
}
