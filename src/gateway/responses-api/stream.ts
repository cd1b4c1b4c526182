import type { Failure } from "../../failure.ts";
import { newId } from "../../identifier.ts";
import { type ChatDelta, ChatReader } from "../chat-reader.ts";
import type { StreamTap } from "../dialect.ts";
import { namedFrame } from "../frames.ts";
import type { Tokens } from "../tokens.ts";
import { failedEvents } from "./error.ts";
import { type Event, type Item, newCall, newMessage, newReasoning } from "./items.ts";
import { type Made, responseOf, statusFor } from "./response.ts";

interface Asked {
  model: string;
  body: Readonly<Record<string, unknown>>;
  /** Seconds since the epoch. */
  created_at: number;
}

/** Writes the chat stream of a runtime as the events of the Responses API. */
export class ResponsesFromChat implements StreamTap {
  readonly #reader = new ChatReader();
  readonly #asked: Asked;
  readonly #id = newId("resp");
  #events: Buffer[] = [];
  #sequence = 0;
  #begun = false;
  /** Finished ones, and the one that is being written last. */
  readonly #items: Item[] = [];
  #open: Item | null = null;

  constructor(asked: Asked) {
    this.#asked = asked;
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
    const status = statusFor(this.#reader.finishReason);
    const response = responseOf(this.#made(), status, this.#asked.body);
    this.#say({ type: `response.${status}`, response });
    return this.#written();
  }

  broken(failure: Failure): Buffer {
    const response = responseOf(this.#made(), "failed", this.#asked.body);
    return failedEvents(failure, response, this.#sequence);
  }

  #made(): Made {
    const { model, created_at } = this.#asked;
    const output = this.#items.map((item) => item.whole("completed"));
    return { id: this.#id, created_at, model, output, tokens: this.#reader.tokens };
  }

  #written(): Buffer {
    const events = this.#events;
    this.#events = [];
    return Buffer.concat(events);
  }

  #say(event: Event): void {
    this.#events.push(namedFrame({ ...event, sequence_number: this.#sequence++ }));
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const response = responseOf(this.#made(), "in_progress", this.#asked.body);
    this.#say({ type: "response.created", response });
    this.#say({ type: "response.in_progress", response });
  }

  #add({ text, reasoning, toolCalls }: ChatDelta): void {
    if (reasoning !== "") this.#write("reasoning", newReasoning, reasoning);
    if (text !== "") this.#write("message", newMessage, text);
    for (const call of toolCalls) {
      this.#write(`call ${call.index}`, () => newCall(call), call.arguments);
    }
  }

  /** Adds TEXT to the item that KEY names; another one is done by that. */
  #write(key: string, make: () => Item, text: string): void {
    if (this.#open?.key !== key) {
      this.#close();
      const item = make();
      item.key = key;
      this.#open = item;
      this.#items.push(item);
      for (const event of item.begin(this.#items.length - 1)) this.#say(event);
    }
    if (text === "" || !this.#open) return;
    for (const event of this.#open.add(text, this.#items.length - 1)) this.#say(event);
  }

  #close(): void {
    for (const event of this.#open?.end(this.#items.length - 1) ?? []) this.#say(event);
    this.#open = null;
  }
}
