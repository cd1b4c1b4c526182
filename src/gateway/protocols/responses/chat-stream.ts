/** A runtime's chat stream as the stream of a Response. */
import type { Failure } from "../../../shared/failure.ts";
import type { Generated, Tokens } from "../../proxy/tokens.ts";
import { type ChatDelta, ChatReader } from "../chat-reader.ts";
import type { StreamTap } from "../stream-tap.ts";
import { EventWriter } from "./events.ts";
import { logprobsIn } from "./items.ts";
import { Output } from "./output.ts";
import { endingOf, type Head, headOf, type Progress, responseObject, seconds } from "./response.ts";
import { usageFromChat } from "./usage.ts";

type Body = Readonly<Record<string, unknown>>;

const nothing = Buffer.alloc(0);

/** Everything but the last event goes out as it comes; that one waits in `tail` for the counts. */
export class ResponsesFromChat implements StreamTap {
  readonly #reader = new ChatReader();
  readonly #body: Body;
  readonly #now: () => number;
  readonly #events = new EventWriter();
  readonly #output = new Output(this.#events);
  #head: Head | null = null;
  #isEnded = false;

  /** BODY is what the client asked; NOW says the time in milliseconds. */
  constructor(body: Body, now: () => number) {
    this.#body = body;
    this.#now = now;
  }

  get finished(): boolean {
    return this.#reader.finished;
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

  get generated(): Generated {
    return this.#reader.generated;
  }

  push(bytes: Buffer): Buffer {
    return this.stopped ? nothing : this.#write(this.#reader.read(bytes));
  }

  end(): Buffer {
    return this.stopped ? nothing : this.#write(this.#reader.end());
  }

  tail(): Buffer {
    const ending = endingOf(this.#reader.finishReason);
    const usage = usageFromChat(this.#reader.usage);
    const progress = { ...ending, usage, completed_at: seconds(this.#now()) };
    const response = this.#response({ ...progress, output: this.#output.items });
    return Buffer.from(this.#events.write(`response.${ending.status}`, { response }));
  }

  broken(failure: Failure): Buffer {
    const begun = this.#head ? "" : this.#begin({});
    const response = this.#response({ status: "failed", output: this.#output.items });
    return Buffer.from(begun + this.#events.fail(failure, response));
  }

  #write(deltas: readonly ChatDelta[]): Buffer {
    const { first, failure, finished, finishReason } = this.#reader;
    let events = this.#head || !first ? "" : this.#begin(first);
    for (const delta of deltas) events += this.#add(delta);
    if (finished && !failure && !this.#isEnded) {
      this.#isEnded = true;
      events += this.#output.end(endingOf(finishReason).status);
    }
    return events === "" ? nothing : Buffer.from(events);
  }

  #add({ reasoning, text, toolCalls, choice }: ChatDelta): string {
    let events = reasoning === "" ? "" : this.#output.think(reasoning);
    if (text !== "") events += this.#output.say(text, logprobsIn(choice));
    for (const call of toolCalls) events += this.#output.call(call);
    return events;
  }

  #begin(chunk: Body): string {
    this.#head = headOf(chunk, this.#body, this.#now());
    const response = this.#response({ status: "in_progress", output: [] });
    return (
      this.#events.write("response.created", { response }) +
      this.#events.write("response.in_progress", { response })
    );
  }

  #response(progress: Progress): Body {
    const head = this.#head ?? headOf({}, this.#body, this.#now());
    return responseObject(this.#body, head, progress);
  }
}
