import { describe, expect, test } from "bun:test";
import { Tap } from "./tap.ts";

const frame = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const chunk = (delta: object, finish: string | null = null) =>
  frame({ choices: [{ index: 0, delta, finish_reason: finish }] });
const counts = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
const usageFrame = frame({
  choices: [],
  usage: { ...counts, prompt_tokens_details: { cached_tokens: 8 } },
});
const done = "data: [DONE]\n\n";

const content = [
  chunk({ role: "assistant", content: null }),
  ": a comment\n\n",
  chunk({ content: "Grüß" }),
  chunk({ content: ' "usage": [DONE] error: ' }),
  chunk({ content: "世界" }),
  chunk({}, "stop"),
].join("");

interface Tapped {
  passed: string;
  tap: Tap;
}

function run(pieces: readonly Uint8Array[], keepUsage = false): Tapped {
  const tap = new Tap(keepUsage);
  const passed = pieces.map((piece) => Buffer.from(tap.push(Buffer.from(piece))));
  return { passed: Buffer.concat(passed).toString(), tap };
}

const whole = (text: string, keepUsage = false) => run([Buffer.from(text)], keepUsage);
const engine = { prompt_tokens: 9, completion_tokens: 3, cached_tokens: 8, source: "engine" };

describe.each([
  ["LF", (text: string) => text],
  ["CRLF", (text: string) => text.replaceAll("\n", "\r\n")],
])("a stream with %s", (_, ending) => {
  const bytes = Buffer.from(ending(content + usageFrame + done));
  const expectWhole = ({ passed, tap }: Tapped) => {
    expect(passed).toBe(ending(content));
    expect(tap).toMatchObject({
      finished: true,
      stopped: true,
      failure: null,
      generated: { frames: 3 },
    });
    expect(tap.tokens).toMatchObject(engine);
  };

  test("passes untouched, without usage and [DONE], wherever it is split in two", () => {
    for (let at = 0; at <= bytes.length; at++) {
      expectWhole(run([bytes.subarray(0, at), bytes.subarray(at)]));
    }
  });

  test("passes untouched when every byte comes alone", () => {
    expectWhole(run([...bytes].map((byte) => Uint8Array.of(byte))));
  });

  test("ends with its own usage chunk when the client asked for it", () => {
    const { passed, tap } = run([bytes], true);
    expect(passed).toBe(ending(content));
    expect(tap.tail().toString()).toBe(ending(usageFrame) + done);
  });
});

test("the end without usage asked for is [DONE] alone", () => {
  expect(
    whole(content + usageFrame + done)
      .tap.tail()
      .toString(),
  ).toBe(done);
});

test("a piece that needs no change is passed on as the same buffer", () => {
  const tap = new Tap(false);
  tap.push(Buffer.from(chunk({ content: "a" })));
  const piece = Buffer.from(chunk({ content: "b" }).repeat(3));
  expect(tap.push(piece)).toBe(piece);
  expect(tap.generated.frames).toBe(4);
});

test("half a frame is kept until the rest is here", () => {
  const tap = new Tap(false);
  const text = chunk({ content: "abc" });
  expect(tap.push(Buffer.from(text.slice(0, 20))).toString()).toBe("");
  expect(tap.push(Buffer.from(text.slice(20))).toString()).toBe(text);
});

test("usage in the last content chunk is read and stays where it is", () => {
  const last = frame({
    choices: [{ delta: { content: "." }, finish_reason: "stop" }],
    usage: counts,
  });
  const { passed, tap } = whole(last + done, true);
  expect(passed).toBe(last);
  expect(tap.tokens?.completion_tokens).toBe(3);
  expect(tap.tail().toString()).toBe(done);
});

test("usage on every chunk: the last one counts, and none is lost", () => {
  const step = (count: number) =>
    frame({
      choices: [{ delta: { content: "x" } }],
      usage: { ...counts, completion_tokens: count },
    });
  const { passed, tap } = whole(step(1) + step(2) + step(3));
  expect(passed).toBe(step(1) + step(2) + step(3));
  expect(tap.tokens?.completion_tokens).toBe(3);
  expect(tap.generated.frames).toBe(3);
});

test("a null usage on every chunk is no usage chunk", () => {
  const step = frame({ choices: [{ delta: { content: "x" } }], usage: null });
  const empty = frame({ choices: [], usage: null, prompt_filter_results: [] });
  expect(whole(empty + step).passed).toBe(empty + step);
});

test("a usage chunk in the middle does not hold back what follows", () => {
  const { passed, tap } = whole(
    chunk({ content: "a" }) + usageFrame + chunk({ content: "b" }),
    true,
  );
  expect(passed).toBe(chunk({ content: "a" }) + chunk({ content: "b" }));
  expect(tap.tail().toString()).toBe(usageFrame + done);
});

test("a second usage chunk replaces the first", () => {
  const { tap } = whole(usageFrame + usageFrame + done, true);
  expect(tap.tail().toString()).toBe(usageFrame + done);
});

test("nothing after [DONE] matters", () => {
  const { passed, tap } = whole(chunk({}, "stop") + done + chunk({ content: "more" }));
  expect(passed).toBe(chunk({}, "stop"));
  expect(tap.push(Buffer.from(chunk({ content: "still more" }))).length).toBe(0);
});

test("legacy completions and tool calls and reasoning are content", () => {
  const text = frame({ choices: [{ text: "a", finish_reason: null }] });
  const tool = chunk({
    tool_calls: [{ index: 0, id: "a", function: { name: "f", arguments: "{" } }],
  });
  const thought = chunk({ reasoning_content: "hm" });
  expect(whole(text).tap.generated.frames).toBe(1);
  expect(whole(tool).tap.generated.frames).toBe(1);
  expect(whole(thought).tap.generated.frames).toBe(1);
  expect(whole(chunk({ role: "assistant", content: "" })).tap.generated.frames).toBe(0);
});

test.each([
  ["vLLM", 'data: {"error": {"message": "canary", "type": "BadRequestError", "code": 400}}\n\n'],
  ["an error event", 'event: error\ndata: {"message": "canary"}\n\n'],
  ["older llama-server", 'error: {"code":500,"message":"canary","type":"server_error"}\n\n'],
])("an error frame of %s ends the stream and is not passed on", (_, error) => {
  const { passed, tap } = whole(chunk({ content: "a" }) + error + done);
  expect(passed).toBe(chunk({ content: "a" }));
  expect(tap.stopped).toBe(true);
  expect(tap.failure).toMatchObject({ status: 502, code: "upstream_error" });
  expect(JSON.stringify(tap.failure?.envelope())).not.toContain("canary");
});

test("a context that ran over inside a stream keeps its code", () => {
  const error = frame({ error: { code: 400, type: "exceed_context_size_error", n_ctx: 512 } });
  expect(whole(error).tap.failure).toMatchObject({ status: 400, code: "context_length_exceeded" });
});

test("frames that are not JSON, or empty, or odd, pass", () => {
  const odd = 'data: {"usage"\n\n\n\ndata:\n\nid: 7\n\ndata: [1,"error"]\n\ndata: "usage"\n\n';
  expect(whole(odd).passed).toBe(odd);
});

test("a frame without end is given up at a bound", () => {
  const tap = new Tap(false);
  const piece = Buffer.alloc(1024 * 1024, "x");
  for (let count = 0; count < 9; count++) tap.push(piece);
  expect(tap.failure).toMatchObject({ status: 502 });
});
