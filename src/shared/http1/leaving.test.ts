/** How connections end: by the client, by the server, by the clock, in the middle of anything. */
import { afterEach, expect, test } from "bun:test";
import type { Answer } from "./answer.ts";
import { BodyStream } from "./body-stream.ts";
import type { ServerRequest } from "./incoming.ts";
import { type Serving, serving, still, until } from "./serving.testbed.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function under(handle: (request: ServerRequest) => Answer | Promise<Answer>): Serving {
  const it = serving(handle);
  cleanups.push(it.stop);
  return it;
}

const fine: Answer = { status: 200, headers: {}, body: "fine" };
const get = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
const chunkedPost = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
const deaf = { slow: () => undefined, ready: () => undefined };
const large: Answer = { status: 200, headers: {}, body: Buffer.alloc(30_000_000, "x") };

function opened() {
  const stream = new BodyStream(deaf);
  const gone = Promise.withResolvers<void>();
  const handle = (request: ServerRequest): Answer => {
    request.onGone(gone.resolve);
    return { status: 200, headers: {}, body: stream };
  };
  return { stream, gone: gone.promise, handle };
}

test("a client that has closed its side gets what is ready, and what takes longer is given up", async () => {
  const { client } = under(async () => fine);
  const quick = client("half-open");
  quick.socket.end(get);
  expect(await quick.rest()).toEndWith("fine");
  const gone = Promise.withResolvers<void>();
  const waiting = under((request) => {
    request.onGone(gone.resolve);
    return new Promise(() => undefined);
  });
  const patient = waiting.client("half-open");
  patient.socket.end(get);
  await gone.promise;
  expect(await patient.rest()).toBe("");
});

test("a client that closes its side while it reads gets all of a complete answer", async () => {
  const { client, server } = under(() => large);
  const slow = client("half-open");
  slow.socket.pause();
  slow.write(get);
  await still(() => slow.socket.bytesWritten);
  slow.socket.end();
  await still(() => server.connections);
  slow.socket.resume();
  expect(await slow.rest()).toEndWith("x".repeat(1_000));
  expect(slow.socket.bytesRead).toBeGreaterThan(30_000_000);
  await until(() => server.connections === 0);
});

test("a client that closes its side in the middle of a stream ends it", async () => {
  const { handle, gone, stream } = opened();
  const { client, server } = under(handle);
  const leaving = client("half-open");
  leaving.write(get);
  stream.write(Buffer.from("first"));
  await leaving.until("first");
  leaving.socket.end();
  await gone;
  await leaving.rest();
  expect(server.connections).toBe(0);
});

test.each(["keep-alive", "close"])(
  "a slow reader gets the whole answer, also with connection: %s",
  async (connection) => {
    const { client, pass, server } = under(() => large);
    const slow = client();
    slow.socket.pause();
    slow.write(`GET / HTTP/1.1\r\nhost: x\r\nconnection: ${connection}\r\n\r\n`);
    await still(() => slow.socket.bytesWritten);
    pass(100_000);
    await still(() => server.connections);
    slow.socket.resume();
    await until(() => slow.socket.bytesRead > 30_000_000);
  },
);

test("what the kernel has of a last answer arrives, however late it is read", async () => {
  const body = Buffer.alloc(1_500_000, "x");
  const { client, pass, server } = under(() => ({ status: 200, headers: {}, body }));
  const slow = client("half-open");
  slow.socket.pause();
  slow.write("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  await until(() => server.connections === 1);
  await still(() => slow.socket.bytesWritten);
  pass(2_001);
  await until(() => server.connections === 0);
  slow.socket.resume();
  expect((await slow.until(/x{1500000}/)).length).toBeGreaterThan(1_500_000);
});

test("a client that reads nothing for two minutes is let go", async () => {
  const { client, pass, server } = under(() => large);
  const stuck = client();
  stuck.socket.pause();
  stuck.write(get);
  await still(() => stuck.socket.bytesWritten);
  pass(121_000);
  await until(() => server.connections === 0);
});

test("a client that does not close after its last answer is let go, and so is one that broke HTTP", async () => {
  const { client, pass, server } = under(() => fine);
  const last = client("half-open");
  last.write("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  const broken = client("half-open");
  broken.write("no HTTP\r\n\r\n");
  expect(await broken.until("}}")).toStartWith("HTTP/1.1 400 ");
  await last.until("fine");
  expect(server.connections).toBe(2);
  pass(2_001);
  await until(() => server.connections === 0);
});

test("a body that stays away is answered with 408, and who waits for it hears", async () => {
  const read = Promise.withResolvers<unknown>();
  const { client, pass } = under(async (request) => {
    await request.read(100).catch(read.resolve);
    return fine;
  });
  const slow = client();
  slow.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf");
  await still(() => slow.socket.bytesWritten);
  pass(20_001);
  expect(await slow.rest()).toStartWith("HTTP/1.1 408 ");
  expect(await read.promise).toMatchObject({ status: 400 });
});

test("a body that stays away behind a whole answer does not keep the connection", async () => {
  const { handle, stream } = opened();
  const { client, pass, server } = under(handle);
  const half = client("half-open");
  half.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf");
  stream.write(Buffer.from("all"));
  stream.end();
  expect(await half.until("0\r\n\r\n")).toEndWith("0\r\n\r\n");
  pass(20_001);
  await until(() => server.connections === 0);
});

test("a body that breaks in the middle of the answer does not put another answer into it", async () => {
  const { handle, stream, gone } = opened();
  const { client } = under(handle);
  const broken = client();
  broken.write(`${chunkedPost}1\r\na\r\n`);
  stream.write(Buffer.from("first"));
  expect(await broken.until("first")).toContain("first");
  broken.write("zz");
  await gone;
  stream.write(Buffer.from("second"));
  stream.end();
  const text = await broken.rest();
  expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
  expect(text).not.toEndWith("0\r\n\r\n");
});

test("HEAD of a stream is its head alone, and who would write it hears that nobody reads", async () => {
  const { handle, gone, stream } = opened();
  const { client } = under((request) => (request.method === "HEAD" ? handle(request) : fine));
  const asking = client();
  asking.write(`HEAD / HTTP/1.1\r\nhost: x\r\n\r\n${get}`);
  await gone;
  stream.write(Buffer.from("unread"));
  stream.end();
  const text = await asking.until("fine");
  expect(text).toEndWith("fine");
  expect(text).toContain("transfer-encoding: chunked\r\n\r\nHTTP/1.1 200 OK\r\n");
  expect(text).not.toContain("unread");
});

test("a stream that broke off before it was begun does not look complete", async () => {
  const { client } = under(() => {
    const stream = new BodyStream(deaf);
    stream.write(Buffer.from("half"));
    stream.abort();
    return { status: 200, headers: {}, body: stream };
  });
  const asking = client();
  asking.write(get);
  expect(await asking.rest()).not.toContain("0\r\n\r\n");
});

test("a writer that fails while its reader is slow breaks the connection off", async () => {
  const slow = Promise.withResolvers<void>();
  const stream = new BodyStream({ slow: slow.resolve, ready: () => undefined });
  const { client, server } = under(() => ({ status: 200, headers: {}, body: stream }));
  const asking = client();
  asking.socket.pause();
  asking.write(get);
  await until(() => server.connections === 1);
  const piece = Buffer.alloc(1_000_000, "x");
  for (let count = 0; count < 30; count++) stream.write(piece);
  await slow.promise;
  stream.abort();
  await until(() => server.connections === 0);
  asking.socket.resume();
  expect(await asking.rest()).not.toEndWith("0\r\n\r\n");
});

test("a client may leave at any byte of an answer", async () => {
  const gone: boolean[] = [];
  const { client, server } = under((request) => {
    const stream = new BodyStream(deaf);
    const number = gone.push(false) - 1;
    request.onGone(() => (gone[number] = true));
    for (const word of ["one ", "two "]) stream.write(Buffer.from(word));
    return { status: 200, headers: {}, body: stream };
  });
  const whole = client();
  whole.write(get);
  const { length } = await whole.until("two ");
  for (let bytes = 1; bytes <= length; bytes++) {
    const leaving = client();
    leaving.write(get);
    leaving.socket.on("readable", () => {
      if (leaving.socket.read(bytes) !== null) leaving.socket.resetAndDestroy();
    });
  }
  await until(() => server.connections === 1 && gone.length === length + 1);
  expect(gone).toEqual([false, ...Array.from({ length }, () => true)]);
});
