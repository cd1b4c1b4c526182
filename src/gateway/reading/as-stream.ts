/** A whole answer as the stream that was asked for. */
import { isObject } from "../request/json.ts";

type Json = Readonly<Record<string, unknown>>;

const frame = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;

/** ANSWER is a chat or a completion that was read (`whole.ts`). */
export function asStream({ choices, usage, ...answer }: Json): Buffer {
  const isChat = answer["object"] !== "text_completion";
  const head = { ...answer, ...(isChat && { object: "chat.completion.chunk" }) };
  const given = Array.isArray(choices) ? (choices as Json[]) : [];
  const said = given.map(({ message, ...choice }) => ({
    ...choice,
    ...(isObject(message) && { delta: deltaOf(message) }),
    finish_reason: null,
  }));
  const ends = given.map(({ message, logprobs: _, text: __, finish_reason, ...choice }) => ({
    ...choice,
    ...(isObject(message) ? { delta: {} } : { text: "" }),
    finish_reason,
  }));
  const chunks = [...said, ...ends].map((choice) => frame({ ...head, choices: [choice] }));
  const counted = isObject(usage) ? frame({ ...head, choices: [], usage }) : "";
  return Buffer.from(`${chunks.join("")}${counted}data: [DONE]\n\n`);
}

function deltaOf(message: Json): Json {
  const calls = message["tool_calls"];
  if (!Array.isArray(calls)) return message;
  return { ...message, tool_calls: calls.map((call: Json, index) => ({ index, ...call })) };
}
