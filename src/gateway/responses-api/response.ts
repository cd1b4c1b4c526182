/** The Response object (OpenAI's Responses API), around what was generated. Pure. */
import type { Tokens } from "../tokens.ts";

type Json = Record<string, unknown>;

export type Status = "in_progress" | "completed" | "incomplete" | "failed";

export interface Made {
  id: string;
  /** Seconds since the epoch. */
  created_at: number;
  model: unknown;
  output: readonly Json[];
  tokens: Tokens | null;
}

/** BODY: what was asked, part of which the answer repeats. */
export function responseOf(made: Made, status: Status, body: Readonly<Json>): Json {
  const { id, created_at, model, output, tokens } = made;
  return {
    ...{ id, object: "response", created_at, status, model, output },
    background: false,
    error: null,
    incomplete_details: status === "incomplete" ? { reason: "max_output_tokens" } : null,
    instructions: body["instructions"] ?? null,
    max_output_tokens: body["max_output_tokens"] ?? null,
    metadata: body["metadata"] ?? {},
    parallel_tool_calls: body["parallel_tool_calls"] ?? true,
    previous_response_id: null,
    reasoning: body["reasoning"] ?? { effort: null, summary: null },
    // Whatever was asked: nothing is stored here.
    store: false,
    temperature: body["temperature"] ?? 1,
    text: body["text"] ?? { format: { type: "text" } },
    tool_choice: body["tool_choice"] ?? "auto",
    tools: body["tools"] ?? [],
    top_p: body["top_p"] ?? 1,
    truncation: body["truncation"] ?? "disabled",
    usage: tokens && usageOf(tokens),
    user: body["user"] ?? null,
  };
}

/** `length` is the only reason that leaves an answer unfinished. */
export const statusFor = (finish: string | null): Status =>
  finish === "length" ? "incomplete" : "completed";

const usageOf = ({ prompt_tokens, completion_tokens, cached_tokens }: Tokens): Json => ({
  input_tokens: prompt_tokens,
  input_tokens_details: { cached_tokens },
  output_tokens: completion_tokens,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: prompt_tokens + completion_tokens,
});

export const textPart = (text: string): Json => ({
  type: "output_text",
  text,
  annotations: [],
  logprobs: [],
});

export const messageItem = (id: string, status: Status, content: readonly Json[]): Json => ({
  ...{ id, type: "message", role: "assistant", status, content },
});

export const reasoningItem = (id: string, status: Status, text: string): Json => ({
  ...{ id, type: "reasoning", status, summary: [] },
  content: text === "" ? [] : [{ type: "reasoning_text", text }],
});

export interface Call {
  call_id: string;
  name: string;
  arguments: string;
}

export const callItem = (id: string, status: Status, call: Call): Json => ({
  ...{ id, type: "function_call", status },
  ...call,
});
