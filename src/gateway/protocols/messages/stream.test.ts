import { expect, test } from "bun:test";
import { upstreamError } from "../../proxy/runtime-error.ts";
import { MessagesFromChat } from "./stream.ts";

type Json = Record<string, unknown>;

const frame = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const chunk = (delta: object, more: object = {}) =>
  frame({ choices: [{ index: 0, delta, finish_reason: null, ...more }] });
const call = (index: number, made: object, id?: string) =>
  chunk({
    tool_calls: [{ index, ...(id !== undefined && { id, type: "function" }), function: made }],
  });
const finish = (finish_reason: string, more: object = {}) => chunk({}, { finish_reason, ...more });
const usage = {
  prompt_tokens: 9,
  completion_tokens: 3,
  prompt_tokens_details: { cached_tokens: 8 },
};
const usageFrame = frame({ choices: [], usage });
const done = "data: [DONE]\n\n";

/** What a client makes of EVENTS: the message, in which the events must be in their order. */
function messageOf(events: string): Json {
  let message: Json = {};
  const blocks: Json[] = [];
  let open = -1;
  for (const { type, ...event } of eventsIn(events)) {
    if (type === "message_start") message = event["message"] as Json;
    if (type === "content_block_start") {
      expect(open).toBe(-1);
      open = blocks.push({ ...(event["content_block"] as Json), json: "" }) - 1;
    }
    if (String(type).startsWith("content_block")) expect(event["index"]).toBe(open);
    if (type === "content_block_delta") append(blocks[open] ?? {}, event["delta"] as Json);
    if (type === "content_block_stop") open = -1;
    if (type === "message_delta") Object.assign(message, event["delta"], { usage: event["usage"] });
  }
  expect(open).toBe(-1);
  const content = blocks.map(({ json, ...block }) =>
    block["type"] === "tool_use" ? { ...block, input: JSON.parse(String(json)) } : block,
  );
  return { ...message, content };
}

function append(block: Json, { type, ...delta }: Json): void {
  for (const [field, piece] of Object.entries(delta)) {
    const name = field === "partial_json" ? "json" : field;
    block[name] = `${block[name]}${piece}`;
  }
}

function eventsIn(text: string): Json[] {
  const frames = text.split("\n\n").slice(0, -1);
  return frames.map((lines) => {
    const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(lines) ?? [];
    const event = JSON.parse(data ?? "") as Json;
    expect(event["type"]).toBe(name);
    return event;
  });
}

function run(pieces: readonly Uint8Array[]) {
  const tap = new MessagesFromChat("mine");
  const passed = pieces.map((piece) => tap.push(Buffer.from(piece)).toString()).join("");
  return { tap, passed };
}

const whole = (text: string) => run([Buffer.from(text)]);

/** The message of a stream that is whole. */
function read(text: string): Json {
  const { tap, passed } = whole(text + done);
  expect(tap).toMatchObject({ finished: true, stopped: true, failure: null });
  return messageOf(passed + tap.tail().toString());
}

const everything =
  chunk({ role: "assistant", content: null }) +
  ": a comment\n\n" +
  chunk({ reasoning_content: "Hm, " }) +
  chunk({ reasoning_content: "世界." }) +
  chunk({ content: "Grüß " }) +
  chunk({ content: "Gott\n\n" }) +
  call(0, { name: "weather", arguments: "" }, "t1") +
  call(0, { arguments: '{"city":' }) +
  call(0, { arguments: '"Paris"}' }) +
  call(1, { name: "clock", arguments: "{}" }, "t2") +
  finish("tool_calls") +
  usageFrame +
  done;

const wanted = {
  type: "message",
  role: "assistant",
  model: "mine",
  stop_reason: "tool_use",
  stop_sequence: null,
  content: [
    { type: "thinking", thinking: "Hm, 世界.", signature: "" },
    { type: "text", text: "Grüß Gott\n\n" },
    { type: "tool_use", id: "t1", name: "weather", input: { city: "Paris" } },
    { type: "tool_use", id: "t2", name: "clock", input: {} },
  ],
  usage: {
    input_tokens: 1,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 8,
    output_tokens: 3,
  },
};

const expectEverything = ({ tap, passed }: ReturnType<typeof run>) => {
  expect(tap).toMatchObject({
    finished: true,
    stopped: true,
    failure: null,
    generated: { frames: 8 },
  });
  expect(tap.tokens).toMatchObject({ prompt_tokens: 9, cached_tokens: 8, completion_tokens: 3 });
  expect(passed).not.toContain("message_delta");
  const all = passed + tap.tail().toString();
  expect(all).toEndWith('event: message_stop\ndata: {"type":"message_stop"}\n\n');
  expect(messageOf(all)).toMatchObject(wanted);
};

test("a stream makes the same message wherever it is split in two", () => {
  const bytes = Buffer.from(everything);
  for (let at = 0; at <= bytes.length; at++) {
    expectEverything(run([bytes.subarray(0, at), bytes.subarray(at)]));
  }
});

test("a stream makes the same message when every byte comes alone", () => {
  expectEverything(run([...Buffer.from(everything)].map((byte) => Uint8Array.of(byte))));
});

test("text goes on at once", () => {
  const tap = new MessagesFromChat("mine");
  tap.push(Buffer.from(chunk({ content: "a" })));
  expect(eventsIn(tap.push(Buffer.from(chunk({ content: "b" }))).toString())).toEqual([
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "b" } },
  ]);
});

test("thinking ends with a signature", () => {
  const { passed } = whole(chunk({ reasoning: "hm" }) + chunk({ content: "a" }));
  expect(passed).toMatch(/"signature_delta","signature":""\}\}\n\nevent: content_block_stop/);
});

test("an answer of nothing is a message too", () => {
  expect(read(finish("stop"))).toMatchObject({ content: [], stop_reason: "end_turn" });
});

test.each([
  ["max_tokens", null, chunk({ content: "a" }, { finish_reason: "length" })],
  ["stop_sequence", "END", chunk({ content: "a" }) + finish("stop", { stop_reason: "END" })],
  ["end_turn", null, chunk({ content: "a" }) + finish("stop", { stop_reason: 151645 })],
  ["tool_use", null, call(0, { name: "a", arguments: "{}" }, "t1") + finish("stop")],
])("it ended with %s", (stop_reason, stop_sequence, text) => {
  expect(read(text)).toMatchObject({ stop_reason, stop_sequence });
});

test("without usage from the runtime the frames are what there is to say", () => {
  const { tap, passed } = whole(chunk({ content: "a" }) + chunk({ content: "b" }) + finish("stop"));
  expect(tap.tokens).toBeNull();
  expect(messageOf(passed + tap.tail().toString())["usage"]).toMatchObject({ output_tokens: 2 });
});

test("an id that is repeated is the same call, and another one at the same place is another", () => {
  const repeated =
    call(0, { name: "a", arguments: '{"x"' }, "t1") +
    call(0, { name: "a", arguments: ":1}" }, "t1");
  expect(
    read(repeated + call(0, { name: "b", arguments: "{}" }, "t2") + finish("tool_calls")),
  ).toMatchObject({
    content: [
      { id: "t1", name: "a", input: { x: 1 } },
      { id: "t2", name: "b", input: {} },
    ],
  });
});

test("a call without an id gets one", () => {
  const { content } = read(call(0, { name: "a", arguments: "{}" }) + finish("tool_calls"));
  expect(content).toMatchObject([{ id: expect.stringMatching(/^call_\w{20}$/) }]);
});

test("a piece of a call that is over is a failure, and an empty one nothing", () => {
  const calls = call(0, { name: "a", arguments: "{" }, "t1") + call(1, { name: "b" }, "t2");
  expect(whole(calls + call(0, { arguments: "" })).tap.failure).toBeNull();
  const { tap, passed } = whole(calls + call(0, { arguments: '"canary":1}' }) + done);
  expect(tap).toMatchObject({ stopped: true, failure: { status: 502 } });
  expect(passed).not.toContain("canary");
});

test("a stream that ends without a reason is not whole", () => {
  expect(whole(chunk({ content: "a" })).tap.finished).toBe(false);
});

test("an error of the runtime ends the stream, and its words are not passed on", () => {
  const { tap, passed } = whole(chunk({ content: "a" }) + frame({ error: { message: "canary" } }));
  expect(tap).toMatchObject({ stopped: true, finished: false, failure: { status: 502 } });
  expect(passed).toContain('"text":"a"');
  expect(tap.push(Buffer.from(chunk({ content: "b" }))).length).toBe(0);
  const message = "The runtime failed while it was answering.";
  expect(tap.broken(tap.failure ?? upstreamError("")).toString()).toBe(
    `event: error\ndata: {"type":"error","error":{"type":"api_error","message":"${message}","param":null,"code":"upstream_error"}}\n\n`,
  );
});
