/** Usage as the Messages API counts it: what came from the cache apart from the rest of the prompt. */
import type { Tokens } from "../../proxy/tokens.ts";

export const usageOf = ({ prompt_tokens, cached_tokens, completion_tokens }: Tokens) => ({
  input_tokens: Math.max(0, prompt_tokens - cached_tokens),
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: cached_tokens,
  output_tokens: completion_tokens,
});
