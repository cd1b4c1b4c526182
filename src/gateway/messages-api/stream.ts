import type { Failure } from "../../failure.ts";
import { newId } from "../../identifier.ts";
import { type ChatDelta, ChatReader, type ToolCallDelta } from "../chat-reader.ts";
import type { StreamTap } from "../dialect.ts";
import { namedFrame } from "../frames.ts";
import { noTokens, type Tokens } from "../tokens.ts";
import { errorEvent } from "./error.ts";
import { stopReason, usageOf } from "./from-chat.ts";

type Block = "text" | "thinking" | `tool ${number}`;

/** Writes the chat stream of a runtime as the events of the Messages API. */
export class MessagesFromChat implements StreamTap {
  readonly #reader = new ChatReader();
  readonly #model: string;
  #events: Buffer[] = [];
  #begun = false;
  /** Index of the block that is being written, and what it is. */
  #index = -1;
  #block: Block | null = null;

  constructor(model: string) {
    this.#model = model;
  }

  get finished(): boolean {
    return this.#reader.finishReason !== null;
  }

  get stopped(): boolean {
    return this.#reader.stopped;
  }

  get failure(): Failure | null {
    return this.#reader.failure;
  }

  get tokens(): Tokens | null {
    return this.#reader.tokens;
  }

  get contentFrames(): number {
    return this.#reader.contentFrames;
  }

  push(bytes: Buffer): Buffer {
    const deltas = this.#reader.read(bytes);
    if (this.#reader.failure) return this.#written();
    this.#begin();
    for (const delta of deltas) this.#add(delta);
    return this.#written();
  }

  tail(): Buffer {
    this.#begin();
    this.#close();
    const usage = usageOf(this.#reader.tokens ?? noTokens);
    const stop_reason = stopReason(this.#reader.finishReason ?? "stop");
    this.#say({ type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage });
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

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const usage = { ...usageOf(noTokens), output_tokens: 0 };
    this.#say({
      type: "message_start",
      message: {
        ...{ id: newId("msg"), type: "message", role: "assistant", model: this.#model },
        ...{ content: [], stop_reason: null, stop_sequence: null, usage },
      },
    });
  }

  #add({ text, reasoning, toolCalls }: ChatDelta): void {
    if (reasoning !== "") {
      this.#open("thinking", { type: "thinking", thinking: "", signature: "" });
      this.#delta({ type: "thinking_delta", thinking: reasoning });
    }
    if (text !== "") {
      this.#open("text", { type: "text", text: "" });
      this.#delta({ type: "text_delta", text });
    }
    for (const call of toolCalls) this.#addCall(call);
  }

  #addCall({ index, id, name, arguments: partial_json }: ToolCallDelta): void {
    const block: Block = `tool ${index}`;
    if (this.#block !== block) {
      this.#open(block, {
        type: "tool_use",
        id: id ?? newId("toolu"),
        name: name ?? "",
        input: {},
      });
    }
    if (partial_json !== "") this.#delta({ type: "input_json_delta", partial_json });
  }

  #open(block: Block, content_block: Record<string, unknown>): void {
    if (this.#block === block) return;
    this.#close();
    this.#block = block;
    this.#index++;
    this.#say({ type: "content_block_start", index: this.#index, content_block });
  }

  #delta(delta: Record<string, unknown>): void {
    this.#say({ type: "content_block_delta", index: this.#index, delta });
  }

  #close(): void {
    if (this.#block === null) return;
    this.#block = null;
    this.#say({ type: "content_block_stop", index: this.#index });
  }
}
