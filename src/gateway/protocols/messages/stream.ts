import type { Failure } from "../../../shared/failure.ts";
import { newId } from "../../../shared/identifier.ts";
import { namedFrame } from "../../proxy/frames.ts";
import { upstreamError } from "../../proxy/runtime-error.ts";
import { type Generated, noTokens, type Tokens } from "../../proxy/tokens.ts";
import { type ChatDelta, ChatReader, type ToolCallDelta } from "../chat-reader.ts";
import type { StreamTap } from "../stream-tap.ts";
import { errorEvent } from "./error.ts";
import { stopOf } from "./stop.ts";
import { usageOf } from "./usage.ts";

/** A block that is being written. A call is known by its place among the calls. */
type Block = { is: "text" | "thinking" } | { is: "call"; place: number };

/** Writes the chat stream of a runtime as the events of the Messages API. */
export class MessagesFromChat implements StreamTap {
  readonly #reader = new ChatReader();
  readonly #model: string;
  #events: Buffer[] = [];
  #begun = false;
  /** Index of the block that is being written. */
  #index = -1;
  #block: Block | null = null;
  #called = false;
  #mixed: Failure | null = null;

  constructor(model: string) {
    this.#model = model;
  }

  get finished(): boolean {
    return this.#reader.finished;
  }

  get stopped(): boolean {
    return this.failure !== null || this.#reader.stopped;
  }

  get failure(): Failure | null {
    return this.#reader.failure ?? this.#mixed;
  }

  get tokens(): Tokens | null {
    return this.#reader.tokens;
  }

  get generated(): Generated {
    return this.#reader.generated;
  }

  push(bytes: Buffer): Buffer {
    return this.stopped ? this.#written() : this.#addAll(this.#reader.read(bytes));
  }

  end(): Buffer {
    return this.stopped ? this.#written() : this.#addAll(this.#reader.end());
  }

  #addAll(deltas: readonly ChatDelta[]): Buffer {
    if (deltas.length > 0) this.#begin();
    for (const delta of deltas) this.#add(delta);
    return this.#written();
  }

  tail(): Buffer {
    this.#begin();
    this.#close();
    const { tokens, generated, finishReason, matchedStop } = this.#reader;
    const stop = { finish: finishReason ?? "", matched: matchedStop, called: this.#called };
    const usage = usageOf(tokens ?? { ...noTokens, completion_tokens: generated.tokens });
    this.#say({ type: "message_delta", delta: stopOf(stop), usage });
    this.#say({ type: "message_stop" });
    return this.#written();
  }

  broken(failure: Failure): Buffer {
    return errorEvent(failure);
  }

  #written(): Buffer {
    const events = this.#events;
    this.#events = [];
    return Buffer.concat(events);
  }

  #say(event: { type: string } & Record<string, unknown>): void {
    this.#events.push(namedFrame(event));
  }

  /** What the prompt had is not known yet; `message_delta` says it, and clients take the later counts. */
  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#say({
      type: "message_start",
      message: {
        id: newId("msg"),
        type: "message",
        role: "assistant",
        model: this.#model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: usageOf(noTokens),
      },
    });
    this.#say({ type: "ping" });
  }

  #add({ text, reasoning, toolCalls }: ChatDelta): void {
    if (reasoning !== "") {
      this.#openText("thinking", { type: "thinking", thinking: "", signature: "" });
      this.#delta({ type: "thinking_delta", thinking: reasoning });
    }
    if (text !== "") {
      this.#openText("text", { type: "text", text: "" });
      this.#delta({ type: "text_delta", text });
    }
    for (const call of toolCalls) this.#addCall(call);
  }

  /**
   * A block that was closed cannot be opened again, and arguments with a hole in them can still be JSON.
   * So pieces of a call that come after the next one has begun are a failure, and not left out.
   */
  #addCall({ index: place, id, name, arguments: partial_json }: ToolCallDelta): void {
    if (id !== null && name !== null) {
      this.#called = true;
      this.#open({ is: "call", place }, { type: "tool_use", id, name, input: {} });
    }
    if (partial_json === "") return;
    const isOpen = this.#block?.is === "call" && this.#block.place === place;
    if (isOpen) this.#delta({ type: "input_json_delta", partial_json });
    else this.#mixed ??= upstreamError("The runtime mixed up the pieces of its tool calls.");
  }

  #openText(is: "text" | "thinking", content_block: Record<string, unknown>): void {
    if (this.#block?.is !== is) this.#open({ is }, content_block);
  }

  #open(block: Block, content_block: Record<string, unknown>): void {
    this.#close();
    this.#block = block;
    this.#index++;
    this.#say({ type: "content_block_start", index: this.#index, content_block });
  }

  #delta(delta: Record<string, unknown>): void {
    this.#say({ type: "content_block_delta", index: this.#index, delta });
  }

  /** Thinking ends with a signature. Without one some clients do not send it back with what tools gave. */
  #close(): void {
    if (this.#block === null) return;
    if (this.#block.is === "thinking") this.#delta({ type: "signature_delta", signature: "" });
    this.#block = null;
    this.#say({ type: "content_block_stop", index: this.#index });
  }
}
