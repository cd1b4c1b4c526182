/** A runtime's whole answer, as the OpenAI API says that it ought to be. */

import { Generated, type Tokens, tokensBeside, tokensOf } from "../proxy/tokens.ts";
import type { Kind } from "../request/allow-list.ts";
import { isObject } from "../request/json.ts";
import { wholeCalls } from "./calls.ts";
import { isError, statusOf } from "./error.ts";
import { finishOf, isBroken } from "./finish.ts";
import { charactersIn, textOf, withPlainContent, withToolCall } from "./message.ts";
import { usageIn } from "./usage.ts";

type Json = Record<string, unknown>;

export interface Whole {
  /** The same object when it was right. */
  answer: Json;
  tokens: Tokens | null;
  /** Null where nothing is generated, or not in words. */
  generated: Generated | null;
}

/** ANSWER, which came with 200, as every protocol takes it; else the status that it ought to have had. */
export function wholeOf(answer: Json, kind: Kind): Whole | number {
  if (isError(answer)) return statusOf(answer);
  const usage = usageIn(answer);
  if (!isGenerated(kind)) return { answer, tokens: tokensOf(usage), generated: null };
  const given: unknown[] = Array.isArray(answer["choices"]) ? answer["choices"] : [];
  const choices = given.map(kind === "completions" ? textIn : messageIn(kind));
  if (choices.length === 0 || !choices.every((choice) => choice !== null)) return 502;
  const generated = generatedIn(choices);
  const tokens = tokensBeside(usage, generated);
  const { usage: said, ...rest } = answer;
  const counted = usage === null ? said : tokens ? usage : undefined;
  const isSame = counted === said && choices.every((choice, at) => choice === given[at]);
  if (isSame) return { answer, tokens, generated };
  const read = { ...rest, choices, ...(counted !== undefined && { usage: counted }) };
  return { answer: read, tokens, generated };
}

function generatedIn(choices: readonly Json[]): Generated {
  const generated = new Generated();
  for (const { message, text } of choices) {
    if (isObject(message)) generated.characters += charactersIn(message);
    generated.characters += textOf(text).length;
  }
  return generated;
}

/** Kinds whose answer is that of a chat or a completion, whatever the client gets. */
export const isGenerated = (kind: Kind): boolean => asChat.has(kind) || kind === "completions";

const asChat: ReadonlySet<Kind> = new Set(["chat/completions", "messages", "responses"]);

function textIn(choice: unknown): Json | null {
  return isObject(choice) && typeof choice["text"] === "string" ? ended(choice, "stop") : null;
}

/** Null when there is no message, or when it was never finished. */
const messageIn =
  (kind: Kind) =>
  (choice: unknown): Json | null => {
    const given = isObject(choice) ? (choice["message"] ?? choice["delta"]) : null;
    if (!isObject(choice) || !isObject(given)) return null;
    const message = withWholeCalls(kind === "chat/completions" ? given : withToolCall(given));
    if (!message) return null;
    const calls = message["tool_calls"];
    const end = Array.isArray(calls) && calls.length > 0 ? "tool_calls" : "stop";
    return ended(message === choice["message"] ? choice : { ...choice, message }, end);
  };

/** Null when it calls a tool without saying which. */
function withWholeCalls(given: Json): Json | null {
  const message = withPlainContent(given);
  const calls = message["tool_calls"];
  if (!Array.isArray(calls)) return message;
  const tool_calls = wholeCalls(calls);
  return tool_calls && (tool_calls === calls ? message : { ...message, tool_calls });
}

/** An answer that is here whole has ended, whether or not its runtime says why. */
function ended(choice: Json, end: string): Json | null {
  const finish = finishOf(choice["finish_reason"]) ?? end;
  if (isBroken(finish)) return null;
  return finish === choice["finish_reason"] ? choice : { ...choice, finish_reason: finish };
}
