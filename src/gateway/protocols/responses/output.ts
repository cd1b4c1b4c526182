/** What a model writes, piece by piece, as the items of a Response and the events that tell of them. */
import type { ToolCallDelta } from "../chat-reader.ts";
import type { EventWriter } from "./events.ts";
import {
  type Call,
  callItem,
  type Item,
  type ItemStatus,
  newCall,
  type Prose,
  speech,
  thought,
} from "./items.ts";

interface Written {
  kind: Prose;
  id: string;
  output_index: number;
  text: string;
  logprobs: unknown[];
}

interface Called {
  call: Call;
  output_index: number;
}

/**
 * Thoughts and words end where something else begins. Calls stay open until the end, because their
 * pieces come with an index of their own and may be mixed. Every method returns the events to send.
 */
export class Output {
  readonly #events: EventWriter;
  readonly #items: Item[] = [];
  #writing: Written | null = null;
  readonly #calls = new Map<number, Called>();

  constructor(events: EventWriter) {
    this.#events = events;
  }

  /** In the order in which they began; those that have not ended are as they were begun. */
  get items(): readonly Item[] {
    return this.#items;
  }

  think(delta: string): string {
    return this.#write(thought, delta, []);
  }

  say(delta: string, logprobs: readonly unknown[]): string {
    return this.#write(speech, delta, logprobs);
  }

  call({ index, id, name, arguments: delta }: ToolCallDelta): string {
    const open = this.#calls.get(index);
    if (!open) return this.#beginCall(index, newCall(id ?? "", name ?? "", delta));
    if (delta === "") return "";
    open.call.arguments += delta;
    return this.#argue(open, delta);
  }

  /** Ends everything, once; STATUS is that of what was begun last. */
  end(status: ItemStatus): string {
    const last = this.#items.length - 1;
    const statusOf = (index: number): ItemStatus => (index === last ? status : "completed");
    let events = this.#endWriting(statusOf(this.#writing?.output_index ?? last));
    for (const { call, output_index } of this.#calls.values()) {
      const { id: item_id, name, arguments: all } = call;
      events += this.#events.write("response.function_call_arguments.done", {
        item_id,
        output_index,
        name,
        arguments: all,
      });
      events += this.#endItem(output_index, callItem(call, statusOf(output_index)));
    }
    return events;
  }

  #beginCall(index: number, call: Call): string {
    const begun = { call, output_index: this.#items.length };
    const ended = this.#endWriting("completed");
    const added = this.#add(callItem({ ...call, arguments: "" }, "in_progress"));
    this.#calls.set(index, begun);
    return ended + added + (call.arguments === "" ? "" : this.#argue(begun, call.arguments));
  }

  #argue({ call, output_index }: Called, delta: string): string {
    const fields = { item_id: call.id, output_index, delta };
    return this.#events.write("response.function_call_arguments.delta", fields);
  }

  #write(kind: Prose, delta: string, logprobs: readonly unknown[]): string {
    let events = "";
    if (this.#writing?.kind !== kind) events += this.#endWriting("completed") + this.#begin(kind);
    const writing = this.#writing;
    if (!writing) return events;
    writing.text += delta;
    if (logprobs.length > 0) writing.logprobs.push(...logprobs);
    return events + this.#events.write(kind.delta, this.#told(writing, { delta }, logprobs));
  }

  #begin(kind: Prose): string {
    const id = kind.newId();
    const output_index = this.#items.length;
    this.#writing = { kind, id, output_index, text: "", logprobs: [] };
    const place = { item_id: id, output_index, content_index: 0 };
    return (
      this.#add(kind.item(id, "in_progress", [])) +
      this.#events.write("response.content_part.added", { ...place, part: kind.part("", []) })
    );
  }

  #endWriting(status: ItemStatus): string {
    const writing = this.#writing;
    if (!writing) return "";
    this.#writing = null;
    const { kind, id, output_index, text, logprobs } = writing;
    const part = kind.part(text, logprobs);
    const place = { item_id: id, output_index, content_index: 0 };
    return (
      this.#events.write(kind.done, this.#told(writing, { text }, logprobs)) +
      this.#events.write("response.content_part.done", { ...place, part }) +
      this.#endItem(output_index, kind.item(id, status, [part]))
    );
  }

  /** Only what is said has probabilities, and then always, be it none. */
  #told({ kind, id, output_index }: Written, what: Item, logprobs: readonly unknown[]): Item {
    const place = { item_id: id, output_index, content_index: 0, ...what };
    return kind === speech ? { ...place, logprobs } : place;
  }

  #add(item: Item): string {
    const output_index = this.#items.push(item) - 1;
    return this.#events.write("response.output_item.added", { output_index, item });
  }

  #endItem(output_index: number, item: Item): string {
    this.#items[output_index] = item;
    return this.#events.write("response.output_item.done", { output_index, item });
  }
}
