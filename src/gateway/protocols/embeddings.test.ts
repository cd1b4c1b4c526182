import { expect, test } from "bun:test";
import { withEncoding } from "./embeddings.ts";

const numbers = [0.5, -1, 3.25];
const text = Buffer.from(new Float32Array(numbers).buffer).toString("base64");
const answer = (embedding: unknown) => ({
  object: "list",
  data: [{ object: "embedding", index: 0, embedding }],
  usage: { prompt_tokens: 1 },
});
const asked = (encoding_format?: string) => ({ body: { encoding_format } });

test("numbers become base64, and base64 numbers, where the runtime gave the other", () => {
  expect(withEncoding(answer(numbers), asked("base64"))).toEqual(answer(text));
  expect(withEncoding(answer(text), asked("float"))).toEqual(answer(numbers));
  expect(withEncoding(answer(text), asked())).toEqual(answer(numbers));
});

test("what is right already is the same object, so that its bytes can go out as they came", () => {
  for (const [given, format] of [
    [numbers, "float"],
    [numbers, undefined],
    [text, "base64"],
  ] as const) {
    const right = answer(given);
    expect(withEncoding(right, asked(format))).toBe(right);
  }
  const odd = { data: "nothing" };
  expect(withEncoding(odd, asked("base64"))).toBe(odd);
});
