import { expect, test } from "bun:test";
import { Failure } from "../../shared/failure.ts";
import { outgoingBody } from "../proxy/outgoing.ts";
import { parseRequest } from "./parsed-request.ts";

const messages = [{ role: "user", content: "hi" }];
const chat = (fields: object = {}) => JSON.stringify({ model: "demo", messages, ...fields });

function refused(
  text: string,
  kind: "chat/completions" | "completions" = "chat/completions",
): Failure {
  try {
    parseRequest(text, kind);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("It was accepted.");
}

test.each([
  ["", null],
  ["  \n", null],
  ['{"model":"demo"', null],
  ['{"model":"demo"} trailing', null],
  ["[".repeat(500_000), null],
  ["[]", null],
  ["null", null],
  ['"text"', null],
  ["7", null],
  [JSON.stringify({ messages }), "model"],
  [chat({ model: "" }), "model"],
  [chat({ model: 7 }), "model"],
  [chat({ model: ["demo"] }), "model"],
  [chat({ model: "x".repeat(257) }), "model"],
  [chat({ messages: undefined }), "messages"],
  [chat({ messages: [] }), "messages"],
  [chat({ messages: "hi" }), "messages"],
  [chat({ messages: { 0: "hi", length: 1 } }), "messages"],
  [chat({ messages: ["hi"] }), "messages"],
  [chat({ stream: "true" }), "stream"],
  [chat({ stream: 1 }), "stream"],
  [chat({ stream: true, stream_options: true }), "stream_options"],
  [chat({ stream: true, stream_options: [] }), "stream_options"],
  [chat({ stream: true, stream_options: { include_usage: 1 } }), "stream_options.include_usage"],
  ['{"__proto__":{"model":"demo"},"messages":[{}]}', "model"],
])("%p is refused", (text, param) => {
  expect(refused(text)).toMatchObject({ status: 400, param });
});

test.each([[{}], [{ prompt: null }], [{ prompt: [] }], [{ prompt: 7 }]])(
  "a completion of %p is refused for its prompt",
  (fields) => {
    const text = JSON.stringify({ model: "demo", ...fields });
    expect(refused(text, "completions").param).toBe("prompt");
  },
);

test("a refusal never repeats what was sent", () => {
  const canary = "canary-in-a-mine";
  for (const text of [`{"model": ${canary}`, chat({ stream: canary }), `"${canary}"`]) {
    expect(refused(text).message).not.toContain(canary);
  }
});

const outgoing = (text: string, served = "demo") =>
  outgoingBody(parseRequest(text, "chat/completions"), served);

test("a body that needs no change goes up byte for byte", () => {
  const plain = `{ "seed": 18446744073709551615, "model":"demo", "messages":[{"role":"user"}] }\n`;
  expect(outgoing(plain)).toBe(plain);
  const asked = chat({ stream: true, stream_options: { include_usage: true } });
  expect(outgoing(asked)).toBe(asked);
});

test("usage is asked for on a stream without touching the rest", () => {
  const text = `{"seed":18446744073709551615,"stream":true,"model":"demo","messages":[{}] } \n`;
  expect(outgoing(text)).toBe(
    `{"seed":18446744073709551615,"stream":true,"model":"demo","messages":[{}] ,"stream_options":{"include_usage":true}}`,
  );
});

test.each([
  [{ stream: true, stream_options: { include_usage: false, other: 1 } }],
  [{ stream: true, stream_options: null }],
  [{ stream: true, stream_options: {} }],
])("%p goes up with usage asked for and its other options kept", (fields) => {
  const sent = JSON.parse(outgoing(chat(fields)));
  expect(sent).toEqual({
    ...JSON.parse(chat(fields)),
    stream_options: { ...fields.stream_options, include_usage: true },
  });
});

test("the model goes up under the name that the runtime knows", () => {
  expect(JSON.parse(outgoing(chat({ top_p: 1 }), "served"))).toEqual({
    model: "served",
    messages,
    top_p: 1,
  });
});

test.each([
  ['{"model":"other","model":"demo","messages":[{}]}', "model"],
  ['{"mod\\u0065l":"other","model":"demo","messages":[{}]}', "model"],
  ['{"n":100,"model":"demo","messages":[{}],"n":2}', "n"],
  ['{"stream":true,"model":"demo","messages":[{}],"stream":false}', "stream"],
  ['{"stream":false,"model":"demo","messages":[{}],"str\\u0065am":true}', "stream"],
])("of a key that %p repeats, the runtime sees only the one that was checked", (text, key) => {
  const ask = parseRequest(text, "chat/completions");
  const sent = outgoingBody(ask, "demo");
  expect(sent.split(`"${key}"`).length - 1).toBe(1);
  expect(JSON.parse(sent)[key]).toBe(ask.body[key]);
});

test("a key named __proto__ stays a plain key", () => {
  const ask = parseRequest(
    '{"__proto__":{"x":1},"model":"demo","messages":[{}]}',
    "chat/completions",
  );
  const sent = outgoingBody(ask, "served", true);
  expect(sent).toContain('"__proto__":{"x":1}');
  expect(outgoingBody(ask, "served")).not.toContain("__proto__");
  expect(Object.hasOwn(Object.prototype, "x")).toBe(false);
});
