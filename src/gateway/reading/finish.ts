/** Why an answer ended, as the OpenAI API says it. */
import { isObject } from "../request/json.ts";

/** What services write where nothing has ended yet (ollama/ollama#4357; DashScope says "null"). */
const nothing: ReadonlySet<string> = new Set(["", "null", "none"]);

/** The runtime gave up: vLLM and SGLang say `abort`, OpenRouter `error`. */
const broken: ReadonlySet<string> = new Set(["abort", "aborted", "error", "cancelled", "canceled"]);

const otherWords: Readonly<Record<string, string>> = {
  stop: "stop",
  eos: "stop",
  eos_token: "stop",
  end_turn: "stop",
  stop_sequence: "stop",
  length: "length",
  max_tokens: "length",
  max_output_tokens: "length",
  model_length: "length",
  tool_calls: "tool_calls",
  tool_use: "tool_calls",
  function_call: "function_call",
  content_filter: "content_filter",
  safety: "content_filter",
};

/** Null when nothing has ended. A word that nobody knows is an end, too, and stays as it is. */
export function finishOf(reason: unknown): string | null {
  const said = isObject(reason) ? reason["type"] : reason;
  if (typeof said !== "string") return null;
  const word = said.trim().toLowerCase();
  if (nothing.has(word)) return null;
  return Object.hasOwn(otherWords, word) ? (otherWords[word] ?? said) : said;
}

export const isBroken = (finish: string): boolean => broken.has(finish.toLowerCase());
