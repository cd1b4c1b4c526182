/** The counts of the Responses protocol. */

import { type Tokens, tokensOf } from "../../proxy/tokens.ts";
import { isObject } from "../../request/json.ts";

/** Reads the `usage` of a Response; null when it is not one. */
export function tokensOfResponse(usage: unknown): Tokens | null {
  if (!isObject(usage)) return null;
  return tokensOf({
    prompt_tokens: usage["input_tokens"],
    completion_tokens: usage["output_tokens"],
    prompt_tokens_details: usage["input_tokens_details"],
  });
}

/** The `usage` of a chat answer as that of a Response; null when the runtime did not count. */
export function usageFromChat(usage: unknown): Record<string, unknown> | null {
  const tokens = tokensOf(usage);
  if (!tokens || !isObject(usage)) return null;
  const details = usage["completion_tokens_details"];
  const reasoning = isObject(details) ? details["reasoning_tokens"] : 0;
  return {
    input_tokens: tokens.prompt_tokens,
    input_tokens_details: { cached_tokens: tokens.cached_tokens, cache_write_tokens: 0 },
    output_tokens: tokens.completion_tokens,
    output_tokens_details: { reasoning_tokens: typeof reasoning === "number" ? reasoning : 0 },
    total_tokens: tokens.prompt_tokens + tokens.completion_tokens,
  };
}
