/** Why an answer ended. */
export interface Ending {
  /** The chat's `finish_reason`. */
  finish: string;
  /** The stop sequence, where the runtime said that it was one. */
  matched: string | null;
  /** The answer calls a tool. */
  called: boolean;
}

type Stop = { stop_reason: string; stop_sequence: string | null };

/** The same as the Messages API says it. */
export function stopOf({ finish, matched, called }: Ending): Stop {
  if (finish === "length") return { stop_reason: "max_tokens", stop_sequence: null };
  if (finish === "content_filter") return { stop_reason: "refusal", stop_sequence: null };
  // With a tool that was chosen by name runtimes end with `stop`, as the OpenAI API does.
  if (called || finish === "tool_calls") return { stop_reason: "tool_use", stop_sequence: null };
  return { stop_reason: matched === null ? "end_turn" : "stop_sequence", stop_sequence: matched };
}
