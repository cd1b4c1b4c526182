/** What is metered when a service says nothing of it, something untrue, or says it elsewhere. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type GatewayUnderTest, gatewayUnderTest } from "./gateway.testbed.ts";
import { Tap } from "./proxy/tap.ts";
import { answer, chunk, done, frame } from "./slips.testbed.ts";
import { asking, protocols } from "./told.testbed.ts";
import { scriptedServer } from "./upstream/scripted-server.ts";

const sentences = "word ".repeat(400);
const counts = { prompt_tokens: 20, completion_tokens: 2000, total_tokens: 2020 };
const zeros = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
const anthropic = { input_tokens: 20, output_tokens: 2000 };
const frames = chunk({ content: sentences }).repeat(5);
const stop = chunk({}, "stop");
const counted = { prompt_tokens: 20, completion_tokens: 2000, source: "engine" };
/** 10,000 characters. */
const guessed = { completion_tokens: 2500, source: "estimated" };

type Case = [name: string, text: string, row: object];

const streams: Case[] = [
  ["no usage", frames + stop + done, guessed],
  [
    "usage in the choice",
    frames + frame({ choices: [{ index: 0, delta: {}, finish_reason: "stop", usage: counts }] }),
    counted,
  ],
  ["usage beside the chunk", frames + chunk({}, "stop", { x_groq: { usage: counts } }), counted],
  ["usage in other names", frames + chunk({}, "stop", { usage: anthropic }), counted],
  ["usage of zeros", frames + stop + frame({ choices: [], usage: zeros }) + done, guessed],
  [
    "usage of nothing generated",
    frames + chunk({}, "stop", { usage: { ...counts, completion_tokens: 0 } }),
    guessed,
  ],
  [
    "usage, and then zeros",
    frames + chunk({}, "stop", { usage: counts }) + frame({ choices: [], usage: zeros }),
    counted,
  ],
  [
    "usage beside zeros",
    frames + chunk({}, "stop", { usage: zeros, x_groq: { usage: counts } }),
    counted,
  ],
  [
    "usage that is null",
    chunk({ content: sentences }, null, { usage: null }).repeat(5) + stop,
    guessed,
  ],
  [
    "no usage, in short frames",
    chunk({ content: "words" }).repeat(400) + stop,
    { completion_tokens: 500 },
  ],
  [
    "no usage, a token a frame",
    chunk({ content: "a" }).repeat(40) + stop,
    { completion_tokens: 40 },
  ],
  ["no usage, and thoughts", chunk({ reasoning: sentences }) + stop, { completion_tokens: 500 }],
  ["no usage, broken off", frames, guessed],
];

const whole = (content: string, more: object) => JSON.stringify(answer({ content }, "stop", more));
const wholes: Case[] = [
  ["no usage", whole(sentences.repeat(5), { usage: undefined }), guessed],
  ["usage of zeros", whole(sentences.repeat(5), { usage: zeros }), guessed],
  ["usage in other names", whole(sentences, { usage: anthropic }), counted],
  [
    "usage beside the answer",
    whole(sentences, { usage: null, x_groq: { usage: counts } }),
    counted,
  ],
];

const cases = [
  ...streams.map(([name, text, row]) => [`${name}, a stream`, text, row] as const),
  ...wholes.map(([name, text, row]) => [`${name}, whole`, text, row] as const),
];

let under: GatewayUnderTest;
let stopServer: () => void;

beforeAll(() => {
  const server = scriptedServer(({ body }, answering) => {
    const [, name = ""] = /"content":"([^"]*)"/.exec(body) ?? [];
    const [, text = ""] = cases.find(([one]) => one === name) ?? [];
    const type = text.startsWith("{") ? "application/json" : "text/event-stream";
    answering.raw(
      `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${text.length}\r\n\r\n`,
    );
    answering.raw(text);
  });
  under = gatewayUnderTest({ ports: [server.port] });
  stopServer = server.stop;
});

afterAll(async () => {
  await under.stop();
  stopServer();
});

let asked = 0;

describe.each(protocols.map((protocol) => [protocol]))("in %s", (protocol) => {
  test.each(cases)("%s, is metered near the truth", async (name, text, row) => {
    const { path, body } = asking[protocol](name);
    const response = await fetch(under.url + path, {
      method: "POST",
      headers: { authorization: "Bearer hv_first", "content-type": "application/json" },
      body: JSON.stringify({ ...body, model: "demo", stream: !text.startsWith("{") }),
    });
    await response.text();
    asked++;
    expect((await under.rows(asked)).at(-1)).toMatchObject(row);
  });
});

test("words are counted without reading each frame, whatever their lengths", () => {
  const lengths = [3, 1, 5, 16, 17, 40, 2, 400, 1, 33, 32, 1, 900, 7];
  const tap = new Tap(false);
  const sizes = [...lengths, ...lengths];
  for (const length of sizes) tap.push(Buffer.from(chunk({ content: "a".repeat(length) })));
  expect(tap.generated.characters).toBe(sizes.reduce((sum, length) => sum + length));
  expect(tap.generated.frames).toBe(sizes.length);
});

test.each([["Grüß dich, 世界. "], ['\n\t"\\'], ["😀 "]])(
  "of %j no fewer characters are counted than there are",
  (text) => {
    const tap = new Tap(false);
    for (let count = 0; count < 50; count++) tap.push(Buffer.from(chunk({ content: text })));
    expect(tap.generated.characters).toBeGreaterThanOrEqual(50 * text.length);
    expect(tap.generated.characters).toBeLessThan(150 * text.length);
  },
);

test("another envelope in the middle of a stream hides no words", () => {
  const tap = new Tap(false);
  const padded = chunk({ content: "a" }, null, { padding: "x".repeat(200) });
  for (const text of [padded, chunk({ content: "b".repeat(180) }), padded]) {
    tap.push(Buffer.from(text));
  }
  expect(tap.generated.characters).toBe(182);
});
