/** What a Response has in `output`. */
import { newId } from "../../../shared/identifier.ts";
import { textOf } from "../../reading/message.ts";
import { isObject } from "../../request/json.ts";

export type Item = Readonly<Record<string, unknown>>;
export type ItemStatus = "in_progress" | "completed" | "incomplete";

/** One kind of item that is written word by word, with the names of its events. */
export interface Prose {
  newId(): string;
  delta: string;
  done: string;
  part(text: string, logprobs: readonly unknown[]): Item;
  item(id: string, status: ItemStatus, content: readonly Item[]): Item;
}

export const speech: Prose = {
  newId: () => newId("msg"),
  delta: "response.output_text.delta",
  done: "response.output_text.done",
  part: (text, logprobs) => ({ type: "output_text", annotations: [], logprobs, text }),
  item: (id, status, content) => ({ id, type: "message", status, role: "assistant", content }),
};

/** Thoughts in the open are `content`; a `summary` would be what somebody made of them. */
export const thought: Prose = {
  newId: () => newId("rs"),
  delta: "response.reasoning_text.delta",
  done: "response.reasoning_text.done",
  part: (text) => ({ type: "reasoning_text", text }),
  item: (id, status, content) => ({ id, type: "reasoning", status, summary: [], content }),
};

export interface Call {
  id: string;
  call_id: string;
  name: string;
  arguments: string;
}

/** From CALL, a tool call of a chat. */
export function callOf(call: Readonly<Record<string, unknown>>): Call {
  const { name, arguments: given } = isObject(call["function"]) ? call["function"] : {};
  return newCall(textOf(call["id"]), textOf(name), textOf(given));
}

export const newCall = (call_id: string, name: string, given: string): Call => ({
  id: newId("fc"),
  call_id,
  name,
  arguments: given,
});

export const callItem = (call: Call, status: ItemStatus): Item => ({
  id: call.id,
  type: "function_call",
  status,
  call_id: call.call_id,
  name: call.name,
  arguments: call.arguments,
});

export function logprobsIn(choice: Readonly<Record<string, unknown>>): unknown[] {
  const logprobs = choice["logprobs"];
  const content = isObject(logprobs) ? logprobs["content"] : null;
  return Array.isArray(content) ? content.filter(isObject).map(logprobOf) : [];
}

function logprobOf({ token, logprob, bytes, top_logprobs }: Item): Item {
  const top = Array.isArray(top_logprobs) ? top_logprobs.filter(isObject) : [];
  return { token, logprob, bytes: bytes ?? [], top_logprobs: top.map(candidateOf) };
}

const candidateOf = ({ token, logprob, bytes }: Item): Item => ({
  token,
  logprob,
  bytes: bytes ?? [],
});
