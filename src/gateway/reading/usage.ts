/** What a runtime says that an answer took, wherever and however it says it. */
import { isObject } from "../request/json.ts";

type Json = Readonly<Record<string, unknown>>;

/** The usage in VALUE, an answer or a chunk, in the names of a chat; null when there is none. */
export function usageIn(value: Json): Json | null {
  const { usage, x_groq, choices } = value;
  // Groq has it beside the chunk (`x_groq`), Moonshot in the choice.
  const [choice] = Array.isArray(choices) ? choices : [];
  const places = [usage, isObject(x_groq) && x_groq["usage"], isObject(choice) && choice["usage"]];
  const said = places.map((place) => (isObject(place) ? inChatNames(place) : null));
  return said.find((found) => found !== null && saysMore(found)) ?? said.find(isObject) ?? null;
}

/** It says that something was generated. */
export const saysMore = ({ completion_tokens }: Json): boolean => Number(completion_tokens) > 0;

function inChatNames(usage: Json): Json | null {
  if (isCount(usage["prompt_tokens"]) || isCount(usage["completion_tokens"])) return usage;
  const { input_tokens, output_tokens, input_tokens_details, output_tokens_details } = usage;
  if (!isCount(input_tokens) && !isCount(output_tokens)) return null;
  const cached = usage["cache_read_input_tokens"];
  return {
    prompt_tokens: input_tokens,
    completion_tokens: output_tokens,
    prompt_tokens_details: input_tokens_details ?? { cached_tokens: cached },
    completion_tokens_details: output_tokens_details,
  };
}

const isCount = (value: unknown): boolean => typeof value === "number" && value >= 0;
