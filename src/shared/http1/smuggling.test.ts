/** What two readers could understand in two ways is understood by neither (RFC 9112 11.2). */
import { afterAll, expect, test } from "bun:test";
import { lateness, type Pace } from "./patience.ts";
import { rawClient } from "./raw-client.testbed.ts";
import { refusal } from "./refusal.ts";
import { serveHttp } from "./server.ts";

const handled: string[] = [];
const server = serveHttp({
  hostname: "127.0.0.1",
  port: 0,
  handle(request) {
    handled.push(request.target);
    return { status: 200, headers: {}, body: "fine" };
  },
  refuse: refusal,
});
afterAll(() => server.close(0));

const h = "GET / HTTP/1.1\r\nhost: x\r\n";

test.each<[string, string, number]>([
  ["two lengths", `${h}content-length: 1\r\ncontent-length: 2\r\n\r\n`, 400],
  ["the same length twice", `${h}content-length: 1\r\ncontent-length: 1\r\n\r\nx`, 400],
  ["a list of lengths", `${h}content-length: 1, 1\r\n\r\nx`, 400],
  [
    "a length and chunks",
    `${h}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ["another coding", `${h}transfer-encoding: gzip, chunked\r\n\r\n`, 501],
  ["chunked, spelled oddly", `${h}transfer-encoding: \x0bchunked\r\n\r\n`, 400],
  ["chunked twice", `${h}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n`, 400],
  ["chunks in HTTP/1.0", "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n", 400],
  ["chunked with a tab behind it", `${h}transfer-encoding: chunked\t\r\n\r\n0\r\n\r\n`, 400],
  ["a length with a tab behind it", `${h}content-length: 1 \t \r\n\r\nx`, 400],
  ["a signed length", `${h}content-length: +1\r\n\r\nx`, 400],
  ["a length in hex", `${h}content-length: 0x1\r\n\r\nx`, 400],
  ["a space before the colon", `${h}content-length : 1\r\n\r\nx`, 400],
  ["a folded line", `${h}a: b\r\n c: d\r\n\r\n`, 400],
  ["a head that a lone line feed ends", `${h}\n`, 400],
  ["a lone line feed", "GET / HTTP/1.1\nhost: x\r\n\r\n", 400],
  ["a lone carriage return", `${h}a: b\rc: d\r\n\r\n`, 400],
  ["a NUL", `${h}a: b\0c\r\n\r\n`, 400],
  ["a host with a space", "GET / HTTP/1.1\r\nhost: a b\r\n\r\n", 400],
  ["a host with a user", "GET / HTTP/1.1\r\nhost: h@x\r\n\r\n", 400],
  ["a host with a path", "GET / HTTP/1.1\r\nhost: h/..\r\n\r\n", 400],
  ["a list of hosts", "GET / HTTP/1.1\r\nhost: h, h\r\n\r\n", 400],
  ["a host that is no address", "GET / HTTP/1.1\r\nhost: [:::\r\n\r\n", 400],
  ["a host above ASCII", "GET / HTTP/1.1\r\nhost: \xe9\r\n\r\n", 400],
  ["a path with backslashes", "GET /v1\\..\\api\\health HTTP/1.1\r\nhost: x\r\n\r\n", 400],
  ["a path with a dot segment", "GET /v1/%2e%2e/api HTTP/1.1\r\nhost: x\r\n\r\n", 400],
  ["a fragment", "GET /v1#/api HTTP/1.1\r\nhost: x\r\n\r\n", 400],
  ["a tab in the address", "GET /v1\t/api HTTP/1.1\r\nhost: x\r\n\r\n", 400],
  ["no host", "GET / HTTP/1.1\r\n\r\n", 400],
  ["two hosts", `${h}host: y\r\n\r\n`, 400],
  ["two authorizations", `${h}authorization: a\r\nauthorization: b\r\n\r\n`, 400],
  ["no method", " / HTTP/1.1\r\nhost: x\r\n\r\n", 400],
  ["two spaces", "GET  / HTTP/1.1\r\nhost: x\r\n\r\n", 400],
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\n", 400],
  ["HTTP/0.9", "GET /\r\n\r\n", 400],
  ["an authority as target", "CONNECT x:80 HTTP/1.1\r\nhost: x\r\n\r\n", 400],
  ["an unknown expectation", `${h}expect: magic\r\n\r\n`, 417],
  ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400],
  ["long headers", `${h}a: ${"b".repeat(40_000)}\r\n\r\n`, 431],
  ["headers without end", `${h}a: ${"b".repeat(40_000)}`, 431],
  [
    "many headers",
    `${h}${Array.from({ length: 200 }, (_, i) => `a${i}: b\r\n`).join("")}\r\n`,
    431,
  ],
  ["a long address", `GET /${"a".repeat(9_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 414],
  ["a NUL in the address", "GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n", 400],
  ["a size with something behind it", `${h}transfer-encoding: chunked\r\n\r\n5 5\r\nhello`, 400],
  ["a size of too many digits", `${h}transfer-encoding: chunked\r\n\r\n${"0".repeat(17)}`, 400],
  ["a size in another base", `${h}transfer-encoding: chunked\r\n\r\n0x5\r\nhello`, 400],
  ["a NUL in an extension", `${h}transfer-encoding: chunked\r\n\r\n5;a=\0\r\nhello`, 400],
  ["a trailer without a colon", `${h}transfer-encoding: chunked\r\n\r\n0\r\nab\r\n\r\n`, 400],
  ["a trailer without a name", `${h}transfer-encoding: chunked\r\n\r\n0\r\n: b\r\n\r\n`, 400],
  [
    "a blank before the colon of a trailer",
    `${h}transfer-encoding: chunked\r\n\r\n0\r\na : b\r\n\r\n`,
    400,
  ],
  [
    "a length in the trailers",
    `${h}transfer-encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n`,
    400,
  ],
  ["a folded trailer", `${h}transfer-encoding: chunked\r\n\r\n0\r\na: b\r\n c\r\n\r\n`, 400],
  ["a NUL in a trailer", `${h}transfer-encoding: chunked\r\n\r\n0\r\na: \0\r\n\r\n`, 400],
  ["a broken chunk", `${h}transfer-encoding: chunked\r\n\r\nzz\r\n`, 400],
  ["chunks that a lone line feed ends", `${h}transfer-encoding: chunked\r\n\r\n0\r\n\n`, 400],
  ["a lone line feed in trailers", `${h}transfer-encoding: chunked\r\n\r\n0\r\na: b\n\r\n`, 400],
])("%s: refused in the envelope, and the connection is closed", async (_, bytes, status) => {
  const client = rawClient(server.port);
  // Were it understood, this would be handled as a separate request.
  client.write(Buffer.from(`${bytes}GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n`, "latin1"));
  const text = await client.rest();
  const answers = text.split(/(?=HTTP\/1\.1 )/);
  const last = answers.at(-1) ?? "";
  expect(last).toStartWith(`HTTP/1.1 ${status} `);
  expect(last).toContain("connection: close");
  const { error } = JSON.parse(last.slice(last.indexOf("\r\n\r\n")));
  expect(error).toMatchObject({ type: expect.any(String), param: null });
  expect(handled).not.toContain("/smuggled");
});

test("forms that are right but rare are understood", async () => {
  const client = rawClient(server.port);
  client.write("\r\n\r\n\r\nGET http://elsewhere/absolute?x HTTP/1.1\r\nhost: x\r\n\r\n");
  client.write("OPTIONS * HTTP/1.1\r\nHOST:x\r\nX-Empty:\r\nconnection: Keep-Alive, Close\r\n\r\n");
  expect((await client.rest()).match(/fine/g)).toHaveLength(2);
  expect(handled.slice(-2)).toEqual(["/absolute?x", "*"]);
});

test.each([
  "GET / HTTP/1.1\nhost: x\n\n",
  "GET / HTTP/1.1\r\nhost: x\n\r\n",
  "\r\nGET / HTTP/1.1\n",
])("whoever ends lines with a line feed alone is told so at once (%j)", async (bytes) => {
  const client = rawClient(server.port);
  client.write(bytes);
  const text = await client.rest();
  expect(text).toStartWith("HTTP/1.1 400 ");
  expect(text).toContain("line feed alone");
});

test("zeros before a size, blanks behind it and extensions are understood", async () => {
  const client = rawClient(server.port);
  client.write(`${h}transfer-encoding: chunked\r\n\r\n`);
  client.write(
    '0000000000000002\r\nab\r\n1 \r\nc\r\n1 ;a="b;c"\r\nd\r\n000\r\nX-Sum:\r\ny: \t1\xff\r\n\r\n',
  );
  client.write(`${h}connection: te\t,\tCLOSE\r\n\r\n`);
  expect((await client.rest()).match(/fine/g)).toHaveLength(2);
});

const pace = (doing: Pace["doing"], received = 0): Pace => ({
  doing,
  since: 0,
  received,
  moved_at: 0,
});

test.each<[Pace, number, "answer" | "end" | null]>([
  [pace("opening"), 15_000, null],
  [pace("opening"), 15_001, "end"],
  [pace("idle"), 75_000, null],
  [pace("idle"), 75_001, "end"],
  [pace("head"), 15_001, "answer"],
  [pace("body"), 20_000, null],
  [pace("body", 10_001), 20_001, null],
  [pace("body", 9_000), 20_001, "answer"],
  [pace("body", 1_000_000), 600_000, null],
  [pace("answering"), 120_001, "end"],
  [{ ...pace("answering"), moved_at: 1_000_000 }, 1_100_000, null],
  [pace("closing"), 2_001, "end"],
])("%p after %d ms: %p", (of, now, expected) => {
  expect(lateness(of, now)).toBe(expected);
});
