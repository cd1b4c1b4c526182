/** The items of a Response, as they come to be in a stream: which events tell of each step. */
import { newId } from "../../identifier.ts";
import type { ToolCallDelta } from "../chat-reader.ts";
import { callItem, messageItem, reasoningItem, type Status, textPart } from "./response.ts";

export type Event = { type: string } & Record<string, unknown>;

export interface Item {
  /** What its writer knows it by. */
  key: string;
  begin(output_index: number): Event[];
  add(text: string, output_index: number): Event[];
  end(output_index: number): Event[];
  whole(status: Status): Record<string, unknown>;
}

const added = (item: object, output_index: number): Event => ({
  type: "response.output_item.added",
  output_index,
  item,
});

const done = (item: object, output_index: number): Event => ({
  type: "response.output_item.done",
  output_index,
  item,
});

export function newMessage(): Item {
  const id = newId("msg");
  let text = "";
  const at = (output_index: number) => ({ item_id: id, output_index, content_index: 0 });
  const whole = (status: Status) => messageItem(id, status, [textPart(text)]);
  return {
    key: "",
    whole,
    begin: (index) => [
      added(messageItem(id, "in_progress", []), index),
      { type: "response.content_part.added", ...at(index), part: textPart("") },
    ],
    add(delta, index) {
      text += delta;
      return [{ type: "response.output_text.delta", ...at(index), delta, logprobs: [] }];
    },
    end: (index) => [
      { type: "response.output_text.done", ...at(index), text, logprobs: [] },
      { type: "response.content_part.done", ...at(index), part: textPart(text) },
      done(whole("completed"), index),
    ],
  };
}

export function newReasoning(): Item {
  const id = newId("rs");
  let text = "";
  const at = (output_index: number) => ({ item_id: id, output_index, content_index: 0 });
  return {
    key: "",
    whole: (status) => reasoningItem(id, status, text),
    begin: (index) => [added(reasoningItem(id, "in_progress", ""), index)],
    add(delta, index) {
      text += delta;
      return [{ type: "response.reasoning_text.delta", ...at(index), delta }];
    },
    end: (index) => [
      { type: "response.reasoning_text.done", ...at(index), text },
      done(reasoningItem(id, "completed", text), index),
    ],
  };
}

export function newCall({ id: call_id, name }: ToolCallDelta): Item {
  const id = newId("fc");
  const call = { call_id: call_id ?? newId("call"), name: name ?? "", arguments: "" };
  const at = (output_index: number) => ({ item_id: id, output_index });
  return {
    key: "",
    whole: (status) => callItem(id, status, call),
    begin: (index) => [added(callItem(id, "in_progress", call), index)],
    add(delta, index) {
      call.arguments += delta;
      return [{ type: "response.function_call_arguments.delta", ...at(index), delta }];
    },
    end: (index) => [
      {
        type: "response.function_call_arguments.done",
        ...at(index),
        name: call.name,
        arguments: call.arguments,
      },
      done(callItem(id, "completed", call), index),
    ],
  };
}
