/** How an answer grows, and what can be said about its speed. Pure; times in milliseconds. */
import type { ApiProblem } from "../../api.ts";
import type { ChatEvent } from "./chat-stream.ts";

export interface Answer {
  state: "waiting" | "streaming" | "done" | "stopped" | "failed";
  text: string;
  reasoning: string;
  /** Said while a sleeping model wakes. */
  note: string | null;
  /** Why the model stopped: "stop", "length". Null until it says so. */
  finish: string | null;
  problem: Pick<ApiProblem, "message" | "requestId"> | null;
  request_id: string | null;
  asked_at: number;
  first_at: number | null;
  last_at: number;
  /** Chunks with text; about one per token, until the usage says exactly. */
  chunks: number;
  usage: { prompt_tokens: number; completion_tokens: number } | null;
}

export function asked(at: number): Answer {
  return {
    state: "waiting",
    text: "",
    reasoning: "",
    note: null,
    finish: null,
    problem: null,
    request_id: null,
    asked_at: at,
    first_at: null,
    last_at: at,
    chunks: 0,
    usage: null,
  };
}

export function grown(answer: Answer, event: ChatEvent, at: number): Answer {
  switch (event.is) {
    case "text":
      return { ...heard(answer, at), text: answer.text + event.text };
    case "reasoning":
      return { ...heard(answer, at), reasoning: answer.reasoning + event.text };
    case "finish":
      return { ...answer, finish: event.reason };
    case "usage": {
      const { prompt_tokens, completion_tokens } = event;
      return { ...answer, usage: { prompt_tokens, completion_tokens } };
    }
    case "waking":
      return { ...answer, note: event.note };
    case "error":
      return failed(answer, event.message, answer.request_id);
    case "done":
      return ended(answer);
  }
}

function heard(answer: Answer, at: number): Answer {
  return {
    ...answer,
    state: "streaming",
    note: null,
    first_at: answer.first_at ?? at,
    last_at: at,
    chunks: answer.chunks + 1,
  };
}

/** The stream is over. One that never said why it finished broke off, whatever it looks like. */
export function ended(answer: Answer): Answer {
  if (answer.state === "failed" || answer.state === "stopped") return answer;
  if (answer.finish !== null) return { ...answer, state: "done", note: null };
  return failed(answer, "The answer broke off before its end. Ask again.", answer.request_id);
}

export function stopped(answer: Answer): Answer {
  return { ...answer, state: "stopped", note: null };
}

export function failed(answer: Answer, message: string, requestId: string | null): Answer {
  return { ...answer, state: "failed", note: null, problem: { message, requestId } };
}

export const isOpen = ({ state }: Answer): boolean => state === "waiting" || state === "streaming";

export function ttftMs({ asked_at, first_at }: Answer): number | null {
  return first_at === null ? null : first_at - asked_at;
}

/** Tokens written, and whether that is the runtime's own count or the number of chunks seen here. */
export function tokens({ usage, chunks }: Answer): { amount: number; exact: boolean } {
  return usage
    ? { amount: usage.completion_tokens, exact: true }
    : { amount: chunks, exact: false };
}

/** Speed after the first token: TTFT is shown separately. Null while there is nothing to divide by. */
export function tokensPerSecond(answer: Answer): number | null {
  const { first_at, last_at } = answer;
  const { amount } = tokens(answer);
  if (first_at === null || last_at <= first_at || amount < 2) return null;
  return ((amount - 1) * 1000) / (last_at - first_at);
}
