import { expect, test } from "bun:test";
import { type ChatEvent, chatEvents, readChat, SseDecoder } from "./chat-stream.ts";

const chunk = (delta: object, finish_reason: string | null = null): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }], usage: null })}\n\n`;

const stream = [
  chunk({ role: "assistant", content: null }),
  chunk({ content: "Grüße, " }),
  chunk({ content: "🌍" }),
  chunk({}, "stop"),
  'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}\n\n',
  "data: [DONE]\n\n",
].join("");

const events: ChatEvent[] = [
  { is: "text", text: "Grüße, " },
  { is: "text", text: "🌍" },
  { is: "finish", reason: "stop" },
  { is: "usage", prompt_tokens: 7, completion_tokens: 3 },
  { is: "done" },
];

async function readIn(bytes: Uint8Array, size: number): Promise<ChatEvent[]> {
  const heard: ChatEvent[] = [];
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size)
        controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  });
  await readChat(body, (event) => heard.push(event));
  return heard;
}

test("a stream says the same however the network cuts it, also inside a character", async () => {
  const bytes = new TextEncoder().encode(stream);
  for (const size of [1, 2, 3, 7, 64, bytes.length])
    expect(await readIn(bytes, size)).toEqual(events);
});

test("CR and CRLF end lines too, also where a CRLF is cut in two", async () => {
  for (const end of ["\r", "\r\n"]) {
    const bytes = new TextEncoder().encode(`${stream.replaceAll("\n", end)}: end${end}${end}`);
    for (const size of [1, 5, bytes.length]) expect(await readIn(bytes, size)).toEqual(events);
  }
});

test("several data lines are one payload, and the space after the colon may be missing", () => {
  expect(new SseDecoder().push("data:a\ndata: b\nevent: x\nid: 1\ndata\n\n")).toEqual(["a\nb\n"]);
});

test("an event that the stream breaks off in is dropped", () => {
  expect(new SseDecoder().push("data: whole\n\ndata: ha")).toEqual(["whole"]);
});

test("an error in the stream is heard with its sentence and its code", () => {
  expect(chatEvents('{"error":{"message":"It broke.","code":"upstream_error"}}')).toEqual([
    { is: "error", message: "It broke.", code: "upstream_error" },
  ]);
  expect(chatEvents('{"error":"plain"}')).toEqual([{ is: "error", message: "plain", code: null }]);
  expect(chatEvents('{"error":{}}')[0]).toMatchObject({ is: "error" });
});

test("waking is distinguished from other comments", () => {
  expect(chatEvents(": waking eta=12")).toEqual([
    { is: "waking", note: "The model wakes up, about 12 s more" },
  ]);
  expect(chatEvents(": waking")).toEqual([{ is: "waking", note: "The model wakes up" }]);
  expect(chatEvents(": keep-alive")).toEqual([]);
});

test("reasoning is apart from the answer", () => {
  expect(chatEvents('{"choices":[{"delta":{"reasoning_content":"Hm."}}]}')).toEqual([
    { is: "reasoning", text: "Hm." },
  ]);
});

test("what is not understood means nothing", () => {
  for (const payload of [
    "",
    "null",
    "7",
    '"x"',
    "[]",
    "{",
    "{}",
    '{"choices":[]}',
    '{"choices":[{}]}',
  ]) {
    expect([payload, chatEvents(payload)]).toEqual([payload, []]);
  }
});
