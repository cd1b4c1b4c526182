import { describe, expect, test } from "bun:test";
import { ProtocolError } from "../../shared/http1/protocol-error.ts";
import type { ResponseHead } from "./head.ts";
import { ResponseParser } from "./parser.ts";

interface Parsed {
  heads: ResponseHead[];
  body: string;
  pieces: number;
  ends: number;
  parser: ResponseParser;
}

/** Feeds PIECES to a parser, each in a buffer of its own as a socket does. */
function parse(pieces: readonly Uint8Array[], maxHeadBytes = 32_768): Parsed {
  const heads: ResponseHead[] = [];
  const body: Buffer[] = [];
  let ends = 0;
  const sink = {
    head: (head: ResponseHead) => heads.push(head),
    data: (bytes: Buffer) => body.push(Buffer.from(bytes)),
    end: () => ends++,
  };
  const parser = new ResponseParser(sink, maxHeadBytes);
  for (const piece of pieces) parser.push(Buffer.from(piece));
  return { heads, body: Buffer.concat(body).toString(), pieces: body.length, ends, parser };
}

const chunked =
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" +
  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: Chunked\r\n\r\n" +
  '5\r\nhello\r\n6;name="v"; x\r\n world\r\n1\r\n!\r\n00A \r\n0123456789\r\n0\r\nx-trailer: 1\r\n\r\n';
const sized = "HTTP/1.1 200 \r\ncontent-length: 7\r\nX-A: 1\r\nx-a: 2\r\n\r\nsieben\n";

const cases = [
  { name: "chunked", text: chunked, body: "hello world!0123456789" },
  { name: "sized", text: sized, body: "sieben\n" },
];

describe.each(cases)("a $name response", ({ text, body }) => {
  const bytes = Buffer.from(text);

  test("is the same wherever it is split in two", () => {
    for (let at = 0; at <= bytes.length; at++) {
      const parsed = parse([bytes.subarray(0, at), bytes.subarray(at)]);
      expect(parsed.body).toBe(body);
      expect(parsed.ends).toBe(1);
      expect(parsed.heads.map(({ status }) => status)).toEqual([200]);
      expect(parsed.parser.reusable).toBe(true);
    }
  });

  test("is the same when every byte comes alone", () => {
    const parsed = parse([...bytes].map((byte) => Uint8Array.of(byte)));
    expect(parsed.body).toBe(body);
    expect(parsed.parser.complete).toBe(true);
  });

  test("is not complete, and says so, when the other side closes early", () => {
    for (let at = 0; at < bytes.length; at++) {
      expect(parse([bytes.subarray(0, at)]).parser.close()).toBe(false);
    }
  });
});

test("all chunks of one socket read arrive as one piece", () => {
  expect(parse([Buffer.from(chunked)]).pieces).toBe(1);
});

test("repeated fields are joined and names are lower-case", () => {
  expect(parse([Buffer.from(sized)]).heads[0]?.headers.get("x-a")).toBe("1, 2");
});

test("a body without a length ends when the other side closes, and its connection is spent", () => {
  const { parser, body } = parse([Buffer.from("HTTP/1.1 200 OK\r\n\r\nto the end")]);
  expect(parser.complete).toBe(false);
  expect(parser.close()).toBe(true);
  expect(body).toBe("to the end");
  expect(parser.reusable).toBe(false);
});

test.each([
  ["connection: close", "HTTP/1.1 200 OK\r\nConnection: Close\r\ncontent-length: 1\r\n\r\nx"],
  ["HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx"],
  ["bytes behind a sized body", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nxHTTP/1.1 200 OK"],
  ["bytes behind an empty body", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nsurprise"],
  [
    "bytes behind the last chunk",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nz",
  ],
  [
    "a list with close in it",
    "HTTP/1.1 200 OK\r\nConnection: keep-alive, close\r\ncontent-length: 1\r\n\r\nx",
  ],
  [
    "close in two fields",
    "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nconnection: Close\r\ncontent-length: 1\r\n\r\nx",
  ],
  [
    "an option that is not known",
    "HTTP/1.1 200 OK\r\nConnection: keep-alive,\tupgrade\r\ncontent-length: 1\r\n\r\nx",
  ],
  [
    "HTTP/1.0 in chunks",
    "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  ["a 304 that has a length", "HTTP/1.1 304 X\r\ncontent-length: 5\r\n\r\n"],
  ["a 304 with a body", "HTTP/1.1 304 X\r\ncontent-length: 5\r\n\r\nhello"],
  ["a 204 in chunks", "HTTP/1.1 204 X\r\ntransfer-encoding: chunked\r\n\r\n"],
  [
    "a 100 with a length",
    "HTTP/1.1 100 X\r\ncontent-length: 5\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx",
  ],
])("a connection is not used again after %s", (_, text) => {
  const { parser } = parse([Buffer.from(text)]);
  expect(parser.complete).toBe(true);
  expect(parser.reusable).toBe(false);
});

test.each([
  ["no word about it", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx"],
  [
    "a list of keep-alive",
    "HTTP/1.1 200 OK\r\nconnection: , Keep-Alive,\r\ncontent-length: 1\r\n\r\nx",
  ],
  [
    "keep-alive in HTTP/1.0",
    "HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\ncontent-length: 1\r\n\r\nx",
  ],
  ["204", "HTTP/1.1 204 X\r\ncontent-length: 0\r\n\r\n"],
  ["300 headers", `HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(300)}content-length: 1\r\n\r\nx`],
  [
    "zeros before a size",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n000000000000001\r\nx\r\n000\r\n\r\n",
  ],
])("a connection is used again after %s", (_, text) => {
  expect(parse([Buffer.from(text)]).parser.reusable).toBe(true);
});

const head = "HTTP/1.1 200 OK\r\n";
test.each([
  ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n"],
  ["HTTP/2", "HTTP/2 200\r\n\r\n"],
  ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"],
  ["an unasked upgrade", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
  ["a line without a colon", `${head}nonsense\r\n\r\n`],
  ["a space before the colon", `${head}content-length : 5\r\n\r\nhello`],
  ["a folded line", `${head}x: 1\r\n folded\r\n\r\n`],
  ["a bare line feed in a value", `${head}x: a\ny: b\r\n\r\n`],
  ["lines that end with a line feed alone", "HTTP/1.1 200 OK\ncontent-length: 1\n\nx"],
  ["a head that a line feed alone ends", `${head}content-length: 1\n\r\nx`],
  ["one interim answer after the other", "HTTP/1.1 100 Continue\r\n\r\n".repeat(20)],
  ["the same length twice", `${head}content-length: 5\r\ncontent-length: 5\r\n\r\nhello`],
  ["chunked twice", `${head}transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n`],
  ["a size with something behind it", `${head}transfer-encoding: chunked\r\n\r\n5 5\r\nhello`],
  ["a trailer without a colon", `${head}transfer-encoding: chunked\r\n\r\n0\r\nab\r\n\r\n`],
  ["two lengths", `${head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n`],
  ["two different lengths", `${head}content-length: 5\r\ncontent-length: 6\r\n\r\n`],
  ["a negative length", `${head}content-length: -1\r\n\r\n`],
  ["a length with a sign", `${head}content-length: +5\r\n\r\n`],
  ["an unknown coding", `${head}transfer-encoding: gzip, chunked\r\n\r\n`],
  ["a chunk without a size", `${head}transfer-encoding: chunked\r\n\r\n\r\nhello`],
  ["a chunk size that is no number", `${head}transfer-encoding: chunked\r\n\r\nxyz\r\n`],
  ["a chunk size beyond all bounds", `${head}transfer-encoding: chunked\r\n\r\n${"f".repeat(20)}`],
  ["a chunk longer than its size", `${head}transfer-encoding: chunked\r\n\r\n2\r\nhello\r\n`],
  ["a chunk size that ends with a bare LF", `${head}transfer-encoding: chunked\r\n\r\n5\nhello`],
  [
    "a chunk extension without end",
    `${head}transfer-encoding: chunked\r\n\r\n5;${"x".repeat(5000)}`,
  ],
  [
    "trailers without end",
    `${head}transfer-encoding: chunked\r\n\r\n0\r\n${"x: y\r\n".repeat(4000)}`,
  ],
])("%s is a protocol error, however it is split", (_, text) => {
  expect(() => parse([Buffer.from(text)])).toThrow(ProtocolError);
  expect(() => parse([...Buffer.from(text)].map((byte) => Uint8Array.of(byte)))).toThrow(
    ProtocolError,
  );
});

test("headers over the limit are refused, also when their end never comes", () => {
  const long = `${head}x: ${"y".repeat(1000)}`;
  expect(() => parse([Buffer.from(`${long}\r\n\r\n`)], 512)).toThrow("too long");
  expect(() => parse([Buffer.from(long)], 512)).toThrow("too long");
});

test("no message of a protocol error repeats what was received", () => {
  let message = "";
  try {
    parse([Buffer.from(`${head}secret-word\r\n\r\n`)]);
  } catch (error) {
    message = String(error);
  }
  expect(message).toStartWith("ProtocolError: ");
  expect(message).not.toContain("secret-word");
});
