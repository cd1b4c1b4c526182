import { describe, expect, test } from "bun:test";
import { ChunkedDecoder } from "./chunked.ts";
import { ProtocolError } from "./protocol-error.ts";

/** What a decoder makes of TEXT, which comes in pieces of so many bytes. */
function decoded(text: string, piece_bytes = text.length) {
  const decoder = new ChunkedDecoder();
  let body = "";
  let rest = "";
  for (let at = 0; at < text.length; at += piece_bytes) {
    const piece = Buffer.from(text.slice(at, at + piece_bytes), "latin1");
    if (decoder.done) {
      rest += piece.toString("latin1");
      continue;
    }
    body += decoder.decode(piece, 0).toString("latin1");
    if (decoder.done) rest += text.slice(at, at + piece_bytes).slice(decoder.position);
  }
  return { body, rest, done: decoder.done };
}

describe("what ends a part of the framing is there, byte by byte", () => {
  test.each([
    ["behind a size, something else than LF", "5\rX"],
    ["behind a size, CR again", "5\r\r\nhello\r\n0\r\n\r\n"],
    ["behind a chunk, neither CR nor LF", "5\r\nhelloXX0\r\n\r\n"],
    ["behind a chunk, something else than CR before LF", "5\r\nhelloX\n0\r\n\r\n"],
    ["behind a chunk, LF alone", "5\r\nhello\n0\r\n\r\n"],
    ["behind a chunk, the next size at once", "5\r\nhello0\r\n\r\n"],
    ["behind a chunk's CR, something else than LF", "5\r\nhello\rX0\r\n\r\n"],
    ["behind a chunk's CR, CR again", "5\r\nhello\r\r\n0\r\n\r\n"],
    ["behind a trailer's CR, something else than LF", "0\r\na: b\rX\r\n\r\n"],
    ["behind the last CR, something else than LF", "0\r\n\rX"],
    ["behind an extension's CR, something else than LF", "5;a=b\rXhello"],
  ])("%s", (_, text) => {
    expect(() => decoded(text)).toThrow(ProtocolError);
    expect(() => decoded(text, 1)).toThrow(ProtocolError);
  });
});

test.each([
  ["one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello"],
  ["several", "1\r\na\r\nA\r\n0123456789\r\n0\r\n\r\n", "a0123456789"],
  ["what looks like framing", "7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n\r\n"],
  ["an extension", "2;a=b;c\r\nhi\r\n0;last\r\n\r\n", "hi"],
  ["trailers", "2\r\nhi\r\n0\r\na: b\r\nc: d\r\n\r\n", "hi"],
])("%s is read, however it is split, and what follows is left alone", (_, text, body) => {
  for (let size = 1; size <= text.length + 4; size++) {
    expect(decoded(`${text}NEXT`, size)).toEqual({ body, rest: "NEXT", done: true });
  }
});

test.each([
  "",
  "5",
  "5\r",
  "5\r\n",
  "5\r\nhell",
  "5\r\nhello",
  "5\r\nhello\r\n",
  "0\r\n",
  "0\r\n\r",
])("%j is not the end", (text) => {
  expect(decoded(text).done).toBe(false);
});

test("each bound is what it is, and not one byte less", () => {
  const zeros = "0".repeat(15);
  expect(decoded(`${zeros}1\r\nx\r\n0\r\n\r\n`).done).toBe(true);
  expect(() => decoded(`${zeros}01\r\nx\r\n0\r\n\r\n`)).toThrow("too large");
  expect(() => decoded("ffffffffffff\r\n")).not.toThrow();
  expect(() => decoded("1000000000000\r\n")).toThrow("too large");
  expect(decoded(`1;${"x".repeat(4096)}\r\nx\r\n0\r\n\r\n`).done).toBe(true);
  expect(() => decoded(`1;${"x".repeat(4097)}`)).toThrow("extension");
  expect(decoded(`1${" ".repeat(4096)}\r\nx\r\n0\r\n\r\n`).done).toBe(true);
  expect(() => decoded(`1${" ".repeat(4097)}`)).toThrow("size");
  // With its name, its colon and both line feeds.
  expect(decoded(`0\r\na:${"x".repeat(16_380)}\r\n\r\n`).done).toBe(true);
  expect(() => decoded(`0\r\na:${"x".repeat(16_381)}\r\n\r\n`)).toThrow("trailers");
});

test.each(["content-length", "Transfer-Encoding", "connection", "PROXY-connection", "upgrade"])(
  "a trailer %s would say something else about the message, and is refused",
  (name) => {
    expect(() => decoded(`0\r\n${name}: 1\r\n\r\n`)).toThrow("trailers");
    expect(decoded(`0\r\nx-${name}: 1\r\n\r\n`).done).toBe(true);
  },
);
