import type { Failure } from "../../failure.ts";
import { newId } from "../../identifier.ts";
import { type ChatDelta, ChatReader, type ToolCallDelta } from "../chat-reader.ts";
import type { StreamTap } from "../dialect.ts";
import { namedFrame } from "../frames.ts";
import { upstreamError } from "../runtime-error.ts";
import { noTokens, type Tokens } from "../tokens.ts";
import { errorEvent } from "./error.ts";
import { stopOf } from "./stop.ts";
import { usageOf } from "./usage.ts";

/** A block that is being written. A call is known by its place among the calls, and by its id. */
type Block = { is: "text" | "thinking" } | { is: "call"; place: number; id: string };

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
    return this.#reader.finishReason !== null;
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

  get contentFrames(): number {
    return this.#reader.contentFrames;
  }

  push(bytes: Buffer): Buffer {
    if (this.stopped) return this.#written();
    const deltas = this.#reader.read(bytes);
    if (deltas.length > 0) this.#begin();
    for (const delta of deltas) this.#add(delta);
    return this.#written();
  }

  tail(): Buffer {
    this.#begin();
    this.#close();
    const { tokens, contentFrames, finishReason, matchedStop } = this.#reader;
    const stop = { finish: finishReason ?? "", matched: matchedStop, called: this.#called };
    const usage = usageOf(tokens ?? { ...noTokens, completion_tokens: contentFrames });
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
        ...{ id: newId("msg"), type: "message", role: "assistant", model: this.#model },
        ...{ content: [], stop_reason: null, stop_sequence: null, usage: usageOf(noTokens) },
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
    if (!this.#isOpen(place, id)) {
      if (name !== null) this.#openCall(place, id ?? newId("toolu"), name);
      else if (partial_json === "") return;
      else this.#mixed ??= upstreamError("The runtime mixed up the pieces of its tool calls.");
    }
    if (partial_json !== "" && !this.#mixed)
      this.#delta({ type: "input_json_delta", partial_json });
  }

  /** Some runtimes repeat the id with every piece; one with another id is another call. */
  #isOpen(place: number, id: string | null): boolean {
    const block = this.#block;
    return block?.is === "call" && block.place === place && (id === null || id === block.id);
  }

  #openCall(place: number, id: string, name: string): void {
    this.#called = true;
    this.#open({ is: "call", place, id }, { type: "tool_use", id, name, input: {} });
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
