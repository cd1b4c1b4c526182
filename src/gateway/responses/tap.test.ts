import { describe, expect, test } from "bun:test";
import { Failure } from "../../failure.ts";
import { EventWriter } from "./events.ts";
import { ResponsesTap } from "./tap.ts";

const now = () => 1_700_000_009_500;
const body = { model: "asked", input: "Hello" };
const response = {
  id: "resp_1",
  object: "response",
  status: "in_progress",
  output: [],
  error: null,
};
const usage = { input_tokens: 9, output_tokens: 3, input_tokens_details: { cached_tokens: 8 } };
const events = new EventWriter();
const place = { item_id: "msg_1", output_index: 0, content_index: 0 };
const delta = (text: string) =>
  events.write("response.output_text.delta", { ...place, delta: text, logprobs: [] });

const begun = events.write("response.created", { response });
const content = [
  begun,
  ": a comment\n\n",
  delta("Grüß"),
  delta(' "usage" event: response.completed "error" [DONE] '),
  delta("世界"),
  events.write("response.output_text.done", { ...place, text: "...delta" }),
].join("");
const last = events.write("response.completed", { response: { ...response, usage } });

function run(pieces: readonly Uint8Array[]) {
  const tap = new ResponsesTap(body, now);
  const passed = pieces.map((bytes) => Buffer.from(tap.push(Buffer.from(bytes))));
  return { tap, passed: Buffer.concat(passed).toString() };
}

const read = (text: string) => run([Buffer.from(text)]);
const engine = {
  prompt_tokens: 9,
  completion_tokens: 3,
  cached_tokens: 8,
  source: "engine",
} as const;

describe.each([
  ["LF", (text: string) => text],
  ["CRLF", (text: string) => text.replaceAll("\n", "\r\n")],
])("a stream with %s", (_, ending) => {
  const bytes = Buffer.from(ending(`${content}${last}data: [DONE]\n\n`));

  test("passes untouched but for its last event, wherever it is cut", () => {
    const cuts = Array.from(bytes.keys(), (at) => [bytes.subarray(0, at), bytes.subarray(at)]);
    for (const pieces of [...cuts, [...bytes].map((byte) => Uint8Array.of(byte))]) {
      const { tap, passed } = run(pieces);
      expect(passed).toBe(ending(content));
      expect(tap).toMatchObject({ finished: true, stopped: true, contentFrames: 3 });
      expect(tap.tokens).toEqual(engine);
      expect(tap.tail().toString()).toBe(ending(last));
    }
  });
});

test("a piece that needs no change is passed on as the same buffer", () => {
  const tap = new ResponsesTap(body, now);
  const piece = Buffer.from(begun + delta("a").repeat(3));
  expect(tap.push(piece)).toBe(piece);
  expect(tap.contentFrames).toBe(3);
});

test("deltas are counted also when events have no name", () => {
  const nameless = content.replaceAll(/^event: .*\n/gm, "");
  const { tap, passed } = read(nameless);
  expect(passed).toBe(nameless);
  expect(tap.contentFrames).toBe(3);
});

test("one cut off by its length is finished too", () => {
  const incomplete = events.write("response.incomplete", { response: { ...response, usage } });
  expect(read(content + incomplete).tap).toMatchObject({ finished: true, tokens: engine });
});

test("a stream that ends before its last event is not finished", () => {
  expect(read(content).tap).toMatchObject({ finished: false, stopped: false, tokens: null });
  expect(read(`${content}data: [DONE]\n\n`).tap).toMatchObject({ finished: false, stopped: true });
});

const error = { code: "server_error", message: "my secret prompt" };

test.each([
  events.write("error", error),
  events.write("response.failed", { response: { ...response, status: "failed", error } }),
  `data: ${JSON.stringify({ error })}\n\n`,
  `data: ${JSON.stringify({ type: "error", ...error })}\n\n`,
])("the runtime's failure %j is not passed on", (failed) => {
  const { tap, passed } = read(content + failed + last);
  expect(passed).toBe(content);
  expect(tap).toMatchObject({ stopped: true, finished: false });
  expect(tap.failure?.code).toBe("upstream_error");
  expect(tap.failure?.message).not.toContain("secret");
});

test("a context that is too short is told as such", () => {
  const long = { code: "context_length_exceeded", message: "my secret prompt" };
  const failed = events.write("response.failed", { response: { ...response, error: long } });
  expect(read(begun + failed).tap.failure).toMatchObject({ code: "context_length_exceeded" });
});

test("our own failure goes on where the runtime's events ended, about the same response", () => {
  const { tap } = read(content);
  const failure = new Failure(504, "Too late.", { code: "timeout" });
  const sent = tap.broken(failure).toString();
  expect(sent).toStartWith('event: error\ndata: {"type":"error","sequence_number":5,');
  expect(sent).toContain('"response":{"id":"resp_1",');
  expect(sent).toContain('"status":"failed"');
});

test("one that failed before anything came is created first", () => {
  const sent = new ResponsesTap(body, now).broken(new Failure(503, "Busy.")).toString();
  expect([...sent.matchAll(/^event: (.*)$/gm)].map(([, type]) => type)).toEqual([
    ...["response.created", "error", "response.failed"],
  ]);
});
