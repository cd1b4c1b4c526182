import { describe, expect, test } from "bun:test";
import { Failure } from "../../../shared/failure.ts";
import { ResponsesFromChat } from "./chat-stream.ts";
import { fromChat } from "./from-chat.ts";

const now = () => 1_700_000_009_500;
const body = { model: "asked", input: "Hello", metadata: { a: "b" } };
const frame = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const head = { id: "chatcmpl-1", created: 1_700_000_000, model: "served" };
const chunk = (delta: object, finish_reason: string | null = null) =>
  frame({ ...head, choices: [{ index: 0, delta, finish_reason }] });
const usage = {
  prompt_tokens: 9,
  completion_tokens: 7,
  prompt_tokens_details: { cached_tokens: 8 },
};
const usageFrame = frame({ ...head, choices: [], usage });
const done = "data: [DONE]\n\n";
const piece = (index: number, args: string, more = {}, named = {}) => ({
  tool_calls: [{ index, ...more, function: { arguments: args, ...named } }],
});

const words = [
  chunk({ role: "assistant", content: null }),
  ": a comment\n\n",
  chunk({ reasoning_content: "Hm" }),
  chunk({ reasoning_content: "m." }),
  chunk({ content: "Grüß " }),
  chunk({ content: ' "usage": [DONE] event: error ' }),
  chunk({ content: "世界" }),
].join("");
const calls = [
  chunk(piece(0, "", { id: "a", type: "function" }, { name: "f" })),
  chunk(piece(0, '{"x":')),
  chunk(piece(1, "{", { id: "b", type: "function" }, { name: "g" })),
  chunk(piece(0, "1}")),
  chunk(piece(1, "}")),
].join("");
const whole = words + calls + chunk({}, "tool_calls") + usageFrame + done;

interface Event {
  type: string;
  sequence_number: number;
  [field: string]: unknown;
}

function eventsOf(text: string): Event[] {
  const frames = text.split("\n\n").slice(0, -1);
  return frames.map((raw) => {
    const [name, data] = raw.split("\n");
    const event = JSON.parse(data?.slice("data: ".length) ?? "") as Event;
    expect(name).toBe(`event: ${event.type}`);
    return event;
  });
}

/** With ids, which are random, in the order of their appearance. */
function named(text: string): string {
  const ids = new Map<string, string>();
  const nameOf = (id: string) => ids.get(id) ?? `id-${ids.size}`;
  return text.replaceAll(/(?:resp|msg|rs|fc)_\w{20}/g, (id) => {
    ids.set(id, nameOf(id));
    return nameOf(id);
  });
}

function run(pieces: readonly Uint8Array[]) {
  const tap = new ResponsesFromChat(body, now);
  const passed = pieces.map((bytes) => tap.push(Buffer.from(bytes)).toString()).join("");
  return { tap, passed };
}

const read = (text: string) => run([Buffer.from(text)]);

describe("thoughts, words and two calls whose pieces are mixed", () => {
  const { tap, passed } = read(whole);
  const events = eventsOf(passed + tap.tail());

  test("come as the events of the protocol, numbered without a gap", () => {
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual([...events.keys()]);
    expect(
      events.map(({ type, output_index }) => [type.slice("response.".length), output_index]),
    ).toEqual([
      ...[["created"], ["in_progress"]].map(([type]) => [type, undefined]),
      ...[
        ["output_item.added", 0],
        ["content_part.added", 0],
      ],
      ...[
        ["reasoning_text.delta", 0],
        ["reasoning_text.delta", 0],
        ["reasoning_text.done", 0],
      ],
      ...[
        ["content_part.done", 0],
        ["output_item.done", 0],
      ],
      ...[
        ["output_item.added", 1],
        ["content_part.added", 1],
      ],
      ...[
        ["output_text.delta", 1],
        ["output_text.delta", 1],
        ["output_text.delta", 1],
      ],
      ...[
        ["output_text.done", 1],
        ["content_part.done", 1],
        ["output_item.done", 1],
      ],
      ...[
        ["output_item.added", 2],
        ["function_call_arguments.delta", 2],
      ],
      ...[
        ["output_item.added", 3],
        ["function_call_arguments.delta", 3],
      ],
      ...[
        ["function_call_arguments.delta", 2],
        ["function_call_arguments.delta", 3],
      ],
      ...[
        ["function_call_arguments.done", 2],
        ["output_item.done", 2],
      ],
      ...[
        ["function_call_arguments.done", 3],
        ["output_item.done", 3],
      ],
      ["completed", undefined],
    ]);
  });

  test("end with the Response that the same answer would be in one piece", () => {
    const tools = [
      { id: "a", type: "function", function: { name: "f", arguments: '{"x":1}' } },
      { id: "b", type: "function", function: { name: "g", arguments: "{}" } },
    ];
    const content = 'Grüß  "usage": [DONE] event: error 世界';
    const message = { reasoning_content: "Hmm.", content, tool_calls: tools };
    const answer = { ...head, usage, choices: [{ message, finish_reason: "tool_calls" }] };
    const last = JSON.stringify(events.at(-1)?.["response"]);
    expect(JSON.parse(named(last))).toEqual(
      JSON.parse(named(JSON.stringify(fromChat(answer, body, now())))),
    );
  });

  test("are counted, and only the last event waits for the end", () => {
    expect(tap).toMatchObject({
      finished: true,
      stopped: true,
      failure: null,
      generated: { frames: 10 },
    });
    expect(tap.tokens).toEqual({
      prompt_tokens: 9,
      completion_tokens: 7,
      cached_tokens: 8,
      source: "engine",
    });
    expect(eventsOf(passed)).toHaveLength(events.length - 1);
  });
});

describe.each([
  ["LF", (text: string) => text],
  ["CRLF", (text: string) => text.replaceAll("\n", "\r\n")],
])("with %s", (_, ending) => {
  const bytes = Buffer.from(ending(whole));
  const expected = named(read(whole).passed);

  test("the events are the same wherever the stream is cut in two, and byte by byte", () => {
    for (let at = 0; at <= bytes.length; at++) {
      const { tap, passed } = run([bytes.subarray(0, at), bytes.subarray(at)]);
      expect(named(passed)).toBe(expected);
      expect(tap.finished && tap.stopped).toBe(true);
    }
    expect(named(run([...bytes].map((byte) => Uint8Array.of(byte))).passed)).toBe(expected);
  });
});

test("what ends by its length is incomplete, and what was begun last too", () => {
  const { tap, passed } = read(chunk({ content: "So" }) + chunk({}, "length") + done);
  expect(eventsOf(passed).at(-1)).toMatchObject({ item: { status: "incomplete" } });
  expect(eventsOf(tap.tail().toString())).toMatchObject([
    {
      type: "response.incomplete",
      response: { incomplete_details: { reason: "max_output_tokens" }, usage: null },
    },
  ]);
});

test("calls without an index, each whole in one chunk, stay apart", () => {
  const call = (id: string) => ({ id, function: { name: "f", arguments: `"${id}"` } });
  const { tap } = read(chunk({ tool_calls: [call("a"), call("b")] }, "tool_calls") + done);
  const response = eventsOf(tap.tail().toString())[0]?.["response"];
  expect(response).toMatchObject({ output: [{ arguments: '"a"' }, { arguments: '"b"' }] });
});

test("a finish_reason that is said again changes nothing", () => {
  const once = chunk({ content: "So" }) + chunk({}, "length");
  const { tap, passed } = read(`${once}${chunk({ content: "x" }, "stop")}${usageFrame}${done}`);
  expect(named(passed)).toBe(named(read(once).passed));
  expect(eventsOf(tap.tail().toString())[0]?.type).toBe("response.incomplete");
});

test("a stream that ends without finish_reason is not finished", () => {
  expect(read(words).tap).toMatchObject({ finished: false, stopped: false });
});

test.each([
  ['data: {"error":{"message":"my secret prompt","code":500}}\n\n'],
  ['event: error\ndata: {"message":"my secret prompt"}\n\n'],
  ['error: {"code":500,"message":"my secret prompt"}\n\n'],
])("the runtime's failure %j ends it, without its text", (error) => {
  const { tap } = read(words + error + whole);
  expect(tap).toMatchObject({ stopped: true, finished: false });
  expect(tap.failure?.code).toBe("upstream_error");
  expect(tap.failure?.message).not.toContain("secret");
});

test("a failure is an error event with both spellings, and then response.failed", () => {
  const { tap, passed } = read(words);
  const failure = new Failure(502, "It broke.", { code: "upstream_error" });
  const after = eventsOf(passed).length;
  expect(eventsOf(tap.broken(failure).toString())).toMatchObject([
    {
      type: "error",
      sequence_number: after,
      message: "It broke.",
      code: "upstream_error",
      error: { type: "server_error", message: "It broke.", code: "upstream_error" },
    },
    {
      type: "response.failed",
      sequence_number: after + 1,
      response: { status: "failed", error: { code: "server_error", message: "It broke." } },
    },
  ]);
});

test("one that failed before anything came is created first", () => {
  const tap = new ResponsesFromChat(body, now);
  const events = eventsOf(tap.broken(new Failure(503, "Busy.")).toString());
  expect(events.map(({ type }) => type)).toEqual([
    ...["response.created", "response.in_progress", "error", "response.failed"],
  ]);
});
