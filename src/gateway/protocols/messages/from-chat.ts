/** A whole answer of a chat, as it was read (`reading/whole.ts`), as a message (Anthropic's Messages API). Pure. */

import { noTokens, tokensOf } from "../../proxy/tokens.ts";
import { speechIn, textOf, thoughtIn } from "../../reading/message.ts";
import { isObject } from "../../request/json.ts";
import { matchedStop } from "../chat-reader.ts";
import { stopOf } from "./stop.ts";
import { usageOf } from "./usage.ts";

type Json = Record<string, unknown>;

/** MODEL: as the client named it; empty where its path did. */
export function fromChat(answer: Json, { model }: { model: string }): Json {
  const choices = Array.isArray(answer["choices"]) ? answer["choices"].filter(isObject) : [];
  const choice: Json = choices[0] ?? {};
  const content = blocksOf(isObject(choice["message"]) ? choice["message"] : {});
  return {
    id: messageId(answer["id"]),
    type: "message",
    role: "assistant",
    model: model === "" ? answer["model"] : model,
    content,
    ...stopOf({
      finish: textOf(choice["finish_reason"]),
      matched: matchedStop(choice),
      called: content.some(({ type }) => type === "tool_use"),
    }),
    usage: usageOf(tokensOf(answer["usage"]) ?? noTokens),
  };
}

const messageId = (id: unknown): string => `msg_${textOf(id).replace(/^\w+?-/, "")}`;

function blocksOf(message: Json): Json[] {
  const thinking = thoughtIn(message);
  const text = speechIn(message);
  const calls = Array.isArray(message["tool_calls"]) ? message["tool_calls"].filter(isObject) : [];
  return [
    ...(thinking === "" ? [] : [{ type: "thinking", thinking, signature: "" }]),
    // The API itself refuses an empty text block, when a client sends one back.
    ...(text === "" ? [] : [{ type: "text", text }]),
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
