import type { Failure } from "../failure.ts";
import { FrameSplitter, frameEnd, readFrame } from "./frames.ts";
import { isObject } from "./json.ts";
import { failureFromFrame, upstreamError } from "./runtime-error.ts";
import { type Tokens, tokensOf } from "./tokens.ts";

/** What one chunk of a chat stream adds to the answer. */
export interface ChatDelta {
  text: string;
  reasoning: string;
  toolCalls: readonly ToolCallDelta[];
}

export interface ToolCallDelta {
  index: number;
  /** Both with the first piece of a call alone. */
  id: string | null;
  name: string | null;
  arguments: string;
}

const maxFrameBytes = 8 * 1024 * 1024;

/** Understands the chat stream of a runtime, for those who write it anew in another protocol. */
export class ChatReader {
  /** Why the answer ended; null as long as it has not. */
  finishReason: string | null = null;
  /** Which stop sequence it was, where the runtime says so. */
  matchedStop: string | null = null;
  stopped = false;
  failure: Failure | null = null;
  tokens: Tokens | null = null;
  contentFrames = 0;
  readonly #splitter = new FrameSplitter();

  /** What the frames that BYTES completes add. */
  read(bytes: Buffer): ChatDelta[] {
    const deltas: ChatDelta[] = [];
    const frames = this.#splitter.push(bytes);
    if (this.#splitter.pending > maxFrameBytes) {
      this.#fail(upstreamError("The runtime sent an event that is too long."));
    }
    for (let at = 0, end = 0; at < frames.length && !this.stopped; at = end) {
      end = frameEnd(frames, at);
      const delta = this.#readFrame(frames.subarray(at, end));
      if (delta) deltas.push(delta);
    }
    return deltas;
  }

  #fail(failure: Failure): null {
    this.failure = failure;
    this.stopped = true;
    return null;
  }

  #readFrame(frame: Buffer): ChatDelta | null {
    const event = readFrame(frame);
    if (!event) return null;
    if (event.data.trim() === "[DONE]") {
      this.stopped = true;
      return null;
    }
    const chunk = parse(event.data);
    if (event.isError || (isObject(chunk) && isObject(chunk["error"]))) {
      return this.#fail(failureFromFrame(chunk));
    }
    return isObject(chunk) ? this.#readChunk(chunk) : null;
  }

  #readChunk(chunk: Record<string, unknown>): ChatDelta | null {
    this.tokens = tokensOf(chunk["usage"]) ?? this.tokens;
    const choices = Array.isArray(chunk["choices"]) ? chunk["choices"] : [];
    const [choice] = choices.filter(isObject);
    if (!choice) return null;
    const reason = choice["finish_reason"];
    if (typeof reason === "string") this.finishReason = reason;
    this.matchedStop ??= matchedStop(choice);
    const delta = isObject(choice["delta"]) ? deltaOf(choice["delta"]) : null;
    if (!delta || (delta.text === "" && delta.reasoning === "" && delta.toolCalls.length === 0)) {
      return null;
    }
    this.contentFrames++;
    return delta;
  }
}

function deltaOf(delta: Record<string, unknown>): ChatDelta {
  const calls = Array.isArray(delta["tool_calls"]) ? delta["tool_calls"].filter(isObject) : [];
  return {
    text: textOf(delta["content"]),
    // vLLM and llama-server say reasoning_content, newer vLLM and providers also reasoning.
    reasoning: textOf(delta["reasoning_content"] ?? delta["reasoning"]),
    toolCalls: calls.map((call, position) => toolCallOf(call, position)),
  };
}

function toolCallOf(call: Record<string, unknown>, position: number): ToolCallDelta {
  const made = isObject(call["function"]) ? call["function"] : {};
  return {
    index: typeof call["index"] === "number" ? call["index"] : position,
    id: typeof call["id"] === "string" && call["id"] !== "" ? call["id"] : null,
    name: typeof made["name"] === "string" && made["name"] !== "" ? made["name"] : null,
    arguments: textOf(made["arguments"]),
  };
}

/** vLLM and SGLang say which stop sequence it was that ended CHOICE. For a stop token they give its number. */
export function matchedStop(choice: Record<string, unknown>): string | null {
  const matched = choice["stop_reason"] ?? choice["matched_stop"];
  return typeof matched === "string" && matched !== "" ? matched : null;
}

export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
