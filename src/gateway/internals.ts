type Json = Readonly<Record<string, unknown>>;

/**
 * What runtimes tell of themselves in an answer, when they were asked to in a way that we did not see: llama-server's
 * whole prompt and settings, vLLM's prompt with its template.
 */
const internals = ["__verbose", "prompt_text"];

/** ANSWER without them; the same object where there are none. */
export function withoutInternals<Answer extends Json>(answer: Answer): Answer {
  if (!internals.some((field) => field in answer)) return answer;
  const rest = Object.entries(answer).filter(([field]) => !internals.includes(field));
  return Object.fromEntries(rest) as Answer;
}
