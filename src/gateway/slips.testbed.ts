/** For tests: the slips that services are known for, each with what it ought to be told as. */
import type { Answering } from "./upstream/scripted-server.ts";

const head = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "m" };
const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 };

export const frame = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
export const done = "data: [DONE]\n\n";
export const chunk = (delta: unknown, finish: unknown = null, more: object = {}) =>
  frame({ ...head, choices: [{ index: 0, delta, finish_reason: finish }], ...more });
const usageFrame = frame({ ...head, choices: [], usage });
const ending = chunk({}, "stop") + usageFrame + done;
export const answer = (message: unknown, finish: unknown = "stop", more: object = {}) => ({
  ...head,
  object: "chat.completion",
  usage,
  choices: [{ index: 0, message, finish_reason: finish }],
  ...more,
});

type Outcome = "an error" | { text: string } | { calls: { id?: string; input: unknown }[] };

/** What a service sends: bytes of a stream, JSON, or both kinds by what was asked. */
export interface Slip {
  stream?: string;
  whole?: unknown;
  /** Where a stream is asked for, too. */
  always?: unknown;
  label?: string;
  is: Outcome;
}

const call = (made: object) => chunk({ tool_calls: [made] });
const f = (text: unknown, more: object = {}) => ({ name: "f", arguments: text, ...more });
const one = { calls: [{ input: { a: 1 } }] };
const two = { calls: [{ input: { a: 1 } }, { input: { a: 2 } }] };
const calls = (...pieces: string[]): Slip => ({
  stream: chunk({ role: "assistant" }) + pieces.join("") + chunk({}, "tool_calls") + done,
  is: one,
});
const said = (...made: object[]) => answer({ content: null, tool_calls: made }, "tool_calls");
const stream = (text: string, is: Outcome = { text: "one two" }): Slip => ({ stream: text, is });
const whole = (value: unknown, is: Outcome = { text: "one two" }): Slip => ({ whole: value, is });
const words = chunk({ role: "assistant", content: "one " }) + chunk({ content: "two" });
const spaced = (text: string) =>
  text.replaceAll('"finish_reason":"stop"', '"finish_reason" :\t "stop"');
const line = (text: string) => text.replaceAll("\n\n", "\n");

export const slips: Readonly<Record<string, Slip>> = {
  "an empty finish_reason in each chunk": stream(
    chunk({ role: "assistant", content: "one " }, "") + chunk({ content: "two" }, "") + ending,
  ),
  "the word null as finish_reason": stream(
    chunk({ content: "one " }, "null") + chunk({ content: "two" }, "null") + ending,
  ),
  "an empty finish_reason, and broken off": stream(
    chunk({ content: "one " }, "") + chunk({ content: "two" }, ""),
    "an error",
  ),
  "broken off": stream(words, "an error"),
  "nothing but [DONE]": stream(done, "an error"),
  "a role and [DONE]": stream(chunk({ role: "assistant", content: "" }) + done, "an error"),
  "no byte at all": stream("", "an error"),
  "an abort": stream(words + chunk({}, "abort") + done, "an error"),
  "[DONE] without finish_reason": stream(words + done),
  "[DONE] without finish_reason, behind something that is no chunk": stream(
    words + frame({ detail: "Internal error" }) + done,
    "an error",
  ),
  "finish_reason without [DONE]": stream(words + chunk({}, "stop")),
  "blanks around the colon": stream(spaced(words + ending)),
  "blanks around the colon, without [DONE]": stream(spaced(words + chunk({}, "stop"))),
  "a byte order mark": stream(`\ufeff${words}${ending}`),
  "lines that end with CR": stream((words + ending).replaceAll("\n", "\r")),
  "lines that end with CRLF": stream((words + ending).replaceAll("\n", "\r\n")),
  "no blank behind data:": stream((words + ending).replaceAll("data: ", "data:")),
  "one line end behind [DONE]": stream((words + ending).trimEnd()),
  "one line end behind finish_reason": stream(`${(words + chunk({}, "stop")).trimEnd()}\n`),
  "one line end between events": stream(line(words + ending)),
  "one line end between events, behind a comment": stream(
    `: PROCESSING\n\n${line(words + ending)}`,
  ),
  "comments in front of data": stream((words + ending).replaceAll("data: ", ": x\ndata: ")),
  "an empty data line in an event": stream(words.replace("\n\n", "\ndata: \n\n") + ending),
  "messages in place of deltas": stream(
    frame(answer({ role: "assistant", content: "one two" })) + done,
  ),
  "content in parts": stream(
    chunk({ content: [{ type: "text", text: "one " }] }) + chunk({ content: "two" }) + ending,
  ),
  "an error in a chunk": stream(words + frame({ error: { message: "canary" } }) + done, "an error"),
  "an error as text": stream(words + frame({ error: "canary" }) + ending, "an error"),
  "an error in a choice": stream(
    words + frame({ choices: [{ index: 0, delta: {}, error: { code: 502 } }] }) + ending,
    "an error",
  ),
  "an object that calls itself an error": stream(
    words + frame({ object: "error", message: "canary" }) + ending,
    "an error",
  ),
  "a stream as text/plain": { ...stream(words + ending), label: "text/plain" },
  "a page of HTML": { ...stream("<html>login</html>", "an error"), label: "text/html" },
  "a page of HTML as a stream": stream("<html>login</html>", "an error"),
  "a stream without a type": { ...stream(words + ending), label: "" },
  "JSON where a stream was asked": {
    ...whole(undefined),
    always: answer({ content: "one two" }),
  },
  "JSON under the name of a stream": {
    always: answer({ content: "one two" }),
    label: "text/event-stream",
    is: { text: "one two" },
  },
  "an error with 200": { always: { error: { message: "canary", code: 429 } }, is: "an error" },
  "an error as text with 200": { always: { error: "canary" }, is: "an error" },
  "an error that calls itself one, with 200": {
    always: { object: "error", message: "canary", code: 500 },
    is: "an error",
  },
  "choices that are null": { always: { choices: null, usage: {} }, is: "an error" },
  "choices that are empty": { always: { choices: [] }, is: "an error" },
  "no choices": { always: { id: "x" }, is: "an error" },
  "a choice without a message": { always: { choices: [{ index: 0 }] }, is: "an error" },
  "a message that is null": { always: answer(null), is: "an error" },
  "a whole answer that was aborted": {
    always: answer({ content: "one" }, "abort"),
    is: "an error",
  },
  "a whole answer without finish_reason": whole(answer({ content: "one two" }, null)),
  "a whole answer with an empty finish_reason": whole(answer({ content: "one two" }, "")),
  "a whole answer in parts": whole(answer({ content: [{ type: "text", text: "one two" }] })),

  "whole calls with arguments as an object": {
    always: said({ id: "t", type: "function", function: f({ a: 1 }) }),
    is: one,
  },
  "whole calls without ids": {
    always: said(
      { type: "function", function: f('{"a":1}') },
      { id: "", type: "function", function: f('{"a":2}') },
    ),
    is: two,
  },
  "whole calls with the same id": {
    always: said({ id: "f", function: f('{"a":1}') }, { id: "f", function: f('{"a":2}') }),
    is: two,
  },
  "a whole call without a name": {
    always: said({ id: "t", function: { arguments: "{}" } }),
    is: "an error",
  },
  "whole calls that end with stop": { ...whole(said({ id: "t", function: f({ a: 1 }) }), one) },

  "arguments as an object": calls(call({ index: 0, id: "t", function: f({ a: 1 }) })),
  "a call without an id": calls(call({ index: 0, function: f('{"a":1}') })),
  "a call without index, its pieces with an empty id": calls(
    call({ id: "t", type: "function", function: f("") }),
    call({ id: "", type: "", function: { arguments: '{"a":' } }),
    call({ id: "", type: "", function: { arguments: "1}" } }),
  ),
  "a call without index, its pieces without an id": calls(
    call({ id: "t", function: f('{"a":') }),
    call({ function: { arguments: "1}" } }),
  ),
  "two calls without index": {
    ...calls(call({ id: "t", function: f('{"a":1}') }), call({ id: "u", function: f('{"a":2}') })),
    is: two,
  },
  "two calls without index, in pieces": {
    ...calls(
      call({ id: "t", function: f('{"a":') }),
      call({ id: "", function: { arguments: "1}" } }),
      call({ id: "u", function: f('{"a":') }),
      call({ id: "", function: { arguments: "2}" } }),
    ),
    is: two,
  },
  "two calls without index and id": {
    ...calls(call({ function: f('{"a":1}') }), call({ function: f('{"a":2}') })),
    is: two,
  },
  "two calls without index, in one chunk": {
    ...calls(
      chunk({
        tool_calls: [
          { id: "t", function: f('{"a":1}') },
          { id: "u", function: f('{"a":2}') },
        ],
      }),
    ),
    is: two,
  },
  "an index from 1 on": calls(
    call({ index: 1, id: "t", function: f('{"a":') }),
    call({ index: 1, function: { arguments: "1}" } }),
  ),
  "two calls of index 0": {
    ...calls(
      call({ index: 0, id: "t", function: f('{"a":1}') }),
      call({ index: 0, id: "u", function: f('{"a":2}') }),
    ),
    is: two,
  },
  "two calls of index 0 without ids": {
    ...calls(
      call({ index: 0, function: f('{"a":1}') }),
      call({ index: 0, function: f('{"a":2}') }),
    ),
    is: two,
  },
  "an index as text": calls(
    call({ index: "0", id: "t", function: f('{"a":') }),
    call({ index: "0", function: { arguments: "1}" } }),
  ),
  "a name that comes late": calls(
    call({ index: 0, id: "t", function: { arguments: "" } }),
    call({ index: 0, function: f('{"a":1}') }),
  ),
  "a name behind the first arguments": calls(
    call({ index: 0, id: "t", function: { arguments: '{"a"' } }),
    call({ index: 0, function: f(":1}") }),
  ),
  "id and name with every piece": calls(
    call({ index: 0, id: "t", function: f('{"a":') }),
    call({ index: 0, id: "t", function: f("1}") }),
  ),
  "another id with every piece": calls(
    call({ index: 0, id: "t", function: f('{"a":') }),
    call({ index: 0, id: "u", function: { arguments: "1}" } }),
  ),
  "a call that is never named": {
    ...calls(call({ index: 0, id: "t", function: { arguments: '{"a":1}' } })),
    is: "an error",
  },
};

const types = { "": "", json: "application/json" };

/** Sends SLIP as it is; the honest answer where it says nothing of how it was asked. */
export function send(slip: Slip, isStream: boolean, answering: Answering): void {
  const json = slip.always ?? (isStream ? undefined : slip.whole);
  const isJson = json !== undefined;
  const body = isJson ? JSON.stringify(json) : (slip.stream ?? "");
  const type = slip.label ?? (isJson ? types.json : "text/event-stream");
  const label = type === "" ? "" : `content-type: ${type}\r\n`;
  answering.raw(`HTTP/1.1 200 OK\r\n${label}content-length: ${Buffer.byteLength(body)}\r\n\r\n`);
  answering.raw(body);
}
