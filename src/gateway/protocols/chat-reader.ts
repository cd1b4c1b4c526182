import type { Failure } from "../../shared/failure.ts";
import { FrameSplitter, frameEnd, max_frame_bytes, readFrame } from "../proxy/frames.ts";
import { upstreamError } from "../proxy/runtime-error.ts";
import type { Generated, Tokens } from "../proxy/tokens.ts";
import { Chunks } from "../reading/chunks.ts";
import { speechIn, textOf, thoughtIn } from "../reading/message.ts";
import { isObject, parseJson } from "../request/json.ts";

type Json = Readonly<Record<string, unknown>>;

/** What one chunk of a chat stream adds to the answer. */
export interface ChatDelta {
  text: string;
  reasoning: string;
  toolCalls: readonly ToolCallDelta[];
  /** The choice that it stands in. */
  choice: Json;
}

export interface ToolCallDelta {
  index: number;
  /** Both with the first piece of a call alone. */
  id: string | null;
  name: string | null;
  arguments: string;
}

/** Understands the chat stream of a runtime, for those who write it as another protocol. */
export class ChatReader {
  /** Why the answer ended; null as long as it has not. */
  finishReason: string | null = null;
  /** Which stop sequence it was, where the runtime says so. */
  matchedStop: string | null = null;
  stopped = false;
  failure: Failure | null = null;
  /** The first chunk; null until it is here. */
  first: Json | null = null;
  readonly #splitter = new FrameSplitter();
  readonly #chunks = new Chunks(true);

  get finished(): boolean {
    return this.finishReason !== null;
  }

  get tokens(): Tokens | null {
    return this.#chunks.tokens;
  }

  /** As the runtime said it; null where it said nothing, or nothing that can be true. */
  get usage(): Json | null {
    return this.tokens && this.#chunks.usage;
  }

  get generated(): Generated {
    return this.#chunks.generated;
  }

  /** What the frames that BYTES completes add. */
  read(bytes: Buffer): ChatDelta[] {
    const frames = this.#splitter.push(bytes);
    if (this.#splitter.pending > max_frame_bytes) {
      this.#fail(upstreamError("The runtime sent an event that is too long."));
    }
    return this.#readAll(frames);
  }

  /** What is left when the runtime has closed its stream. */
  end(): ChatDelta[] {
    return this.#readAll(this.#splitter.end());
  }

  #readAll(frames: Buffer): ChatDelta[] {
    const deltas: ChatDelta[] = [];
    for (let at = 0, end = 0; at < frames.length && !this.stopped; at = end) {
      end = frameEnd(frames, at);
      const delta = this.#readFrame(frames.subarray(at, end));
      if (delta) deltas.push(delta);
    }
    return deltas;
  }

  #fail(failure: Failure): void {
    this.failure = failure;
    this.stopped = true;
  }

  #readFrame(frame: Buffer): ChatDelta | null {
    const event = readFrame(frame);
    if (!event) return null;
    const isDone = event.data.trim() === "[DONE]";
    const value = isDone ? null : parseJson(event.data);
    if (isDone) this.#chunks.done();
    const given = isObject(value) ? value : event.isError ? {} : null;
    const chunk = given && this.#chunks.read(given, event.isError);
    if (this.#chunks.failure) this.#fail(this.#chunks.failure);
    else if (isDone) this.stopped = true;
    const said = isDone ? this.#chunks.closing : chunk;
    return said && !this.failure ? this.#readChunk(said) : null;
  }

  #readChunk(chunk: Json): ChatDelta | null {
    this.first ??= chunk;
    const choices = Array.isArray(chunk["choices"]) ? chunk["choices"] : [];
    const [choice] = choices.filter(isObject);
    if (!choice) return null;
    // What comes after the end belongs to nothing.
    const isOver = this.finished;
    this.matchedStop ??= matchedStop(choice);
    const reason = choice["finish_reason"];
    if (typeof reason === "string") this.finishReason ??= reason;
    const delta = isObject(choice["delta"]) && !isOver ? deltaOf(choice["delta"], choice) : null;
    const isNothing = delta?.text === "" && delta.reasoning === "" && delta.toolCalls.length === 0;
    return isNothing ? null : delta;
  }
}

function deltaOf(delta: Json, choice: Json): ChatDelta {
  const calls = Array.isArray(delta["tool_calls"]) ? delta["tool_calls"].filter(isObject) : [];
  return {
    text: speechIn(delta),
    reasoning: thoughtIn(delta),
    toolCalls: calls.map(toolCallOf),
    choice,
  };
}

function toolCallOf(call: Json): ToolCallDelta {
  const made = isObject(call["function"]) ? call["function"] : {};
  return {
    index: Number(call["index"]),
    id: textOf(call["id"]) || null,
    name: textOf(made["name"]) || null,
    arguments: textOf(made["arguments"]),
  };
}

/** vLLM and SGLang say which stop sequence it was that ended CHOICE. For a stop token they give its number. */
export function matchedStop(choice: Json): string | null {
  const matched = choice["stop_reason"] ?? choice["matched_stop"];
  return typeof matched === "string" && matched !== "" ? matched : null;
}
