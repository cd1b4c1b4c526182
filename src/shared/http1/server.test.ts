import { afterEach, expect, test } from "bun:test";
import type { Answer } from "./answer.ts";
import { BodyStream } from "./body-stream.ts";
import type { ServerRequest } from "./incoming.ts";
import { type RawClient, rawClient } from "./raw-client.testbed.ts";
import { refusal } from "./refusal.ts";
import { type HttpServer, serveHttp } from "./server.ts";
import { still } from "./serving.testbed.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

type Handle = (request: ServerRequest) => Answer | Promise<Answer>;

/** Says what it was asked. */
const echo: Handle = async (request) => {
  const body = (await request.read(1_000_000)).toString("latin1");
  return { status: 200, headers: {}, body: `${request.method} ${request.path} [${body}]` };
};

function serving(handle: Handle = echo): HttpServer {
  const server = serveHttp({ hostname: "127.0.0.1", port: 0, handle, refuse: refusal });
  cleanups.push(() => server.close(0));
  return server;
}

function asking(handle?: Handle): RawClient {
  const client = rawClient(serving(handle).port);
  cleanups.push(() => client.socket.destroy());
  return client;
}

const post = (body: string, more = "") =>
  `POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n${more}\r\n${body}`;

test("a request is answered, and another one on the same connection", async () => {
  const client = asking();
  client.write("GET /first?q=1 HTTP/1.1\r\nHost: x\r\n\r\n");
  const first = await client.until("[]");
  expect(first).toStartWith("HTTP/1.1 200 OK\r\ndate: ");
  expect(first).toEndWith("content-length: 13\r\n\r\nGET /first []");
  client.write(post("hello"));
  expect(await client.until("hello")).toEndWith("POST /a [hello]");
});

test("a request may come byte by byte", async () => {
  const client = asking();
  for (const byte of post("split")) client.write(byte);
  expect(await client.until("split")).toEndWith("[split]");
});

test("requests that are sent ahead are answered in their order", async () => {
  const client = asking(async (request) => {
    const wait = request.path === "/0" ? 5 : 0;
    await new Promise((resolve) => setTimeout(resolve, wait));
    return await echo(request);
  });
  const all = Array.from({ length: 20 }, (_, index) => `/${index}`);
  client.write(all.map((path) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`).join(""));
  const text = await client.until("/19 []");
  expect([...text.matchAll(/GET (\S+) \[\]/g)].map(([, path]) => path)).toEqual(all);
});

test("a body in chunks is read, and what follows it is the next request", async () => {
  const client = asking();
  client.write(
    "POST /c HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde",
  );
  client.write("\r\n0\r\n\r\nGET /next HTTP/1.1\r\nhost: x\r\n\r\n");
  expect(await client.until("/next []")).toContain("POST /c [abcde]");
});

test("who asks whether to go on is told to when the body is wanted, and not when it is not", async () => {
  const client = asking();
  client.write("POST /e HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n");
  expect(await client.until("Continue")).toBe("HTTP/1.1 100 Continue\r\n\r\n");
  client.write("ok");
  expect(await client.until("[ok]")).toEndWith("POST /e [ok]");
  const unwanted = asking(() => ({ status: 401, headers: {}, body: "no" }));
  unwanted.write(
    "POST /e HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n",
  );
  // It may send its body all the same, or its next request: the connection cannot be used again.
  expect(await unwanted.rest()).toEndWith("connection: close\r\n\r\nno");
  const old = asking();
  old.write("POST /e HTTP/1.0\r\ncontent-length: 20000\r\nexpect: 100-continue\r\n\r\n");
  await still(() => old.socket.bytesWritten);
  old.write("b".repeat(20_000));
  expect(await old.rest()).toStartWith("HTTP/1.1 200 OK\r\n");
});

test("a body that nobody reads is thrown away, and the connection goes on", async () => {
  const client = asking((request) =>
    request.method === "POST" ? { status: 403, headers: {}, body: "stop" } : echo(request),
  );
  client.write(post("x".repeat(3_000_000)));
  client.write("GET /after HTTP/1.1\r\nhost: x\r\n\r\n");
  const text = await client.until("/after []");
  expect(text).toStartWith("HTTP/1.1 403 Forbidden\r\n");
  expect(text.match(/HTTP\/1.1/g)).toHaveLength(2);
});

test("a body over the limit is refused, declared or not", async () => {
  const sizes: unknown[] = [];
  const limited: Handle = async (request) => {
    const error = await request.read(10).catch((error: unknown) => error);
    sizes.push(error);
    return { status: 413, headers: {}, body: "too large" };
  };
  const declared = asking(limited);
  declared.write(post("x".repeat(11)));
  await declared.until("too large");
  const chunked = asking(limited);
  chunked.write(
    "POST /c HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nb\r\n01234567890\r\n",
  );
  await chunked.until("too large");
  expect(sizes).toMatchObject([{ status: 413 }, { status: 413 }]);
});

test("HEAD has the head alone, and HTTP/1.0 closes unless it asks to be kept", async () => {
  const client = asking();
  client.write(
    "HEAD /h HTTP/1.1\r\nhost: x\r\n\r\nGET /i HTTP/1.0\r\nconnection: keep-alive\r\n\r\n",
  );
  client.write("GET /j HTTP/1.0\r\n\r\n");
  const text = await client.rest();
  expect(text).toContain("content-length: 10\r\n\r\nHTTP/1.1 200 OK");
  expect(text).toContain("connection: keep-alive\r\n\r\nGET /i []");
  expect(text).toEndWith("connection: close\r\n\r\nGET /j []");
});

test("204 and 304 have no body, whatever they are given", async () => {
  const client = asking(({ path }) => ({ status: Number(path.slice(1)), headers: {}, body: "no" }));
  for (const status of [204, 304, 200]) client.write(`GET /${status} HTTP/1.1\r\nhost: x\r\n\r\n`);
  const text = await client.until("no");
  expect(text.match(/HTTP\/1\.1/g)).toHaveLength(3);
  expect(text).toEndWith("content-length: 2\r\n\r\nno");
});

test("what a handler throws or rejects with is answered", async () => {
  const client = asking((request) => {
    if (request.path === "/throws") throw new Error("secret");
    return Promise.reject(new Error("secret"));
  });
  client.write("GET /rejects HTTP/1.1\r\nhost: x\r\n\r\n");
  await client.until("internal_error");
  client.write("GET /throws HTTP/1.1\r\nhost: x\r\n\r\n");
  const text = await client.rest();
  expect(text.match(/HTTP\/1.1 500/g)).toHaveLength(2);
  expect(text).not.toContain("secret");
});

test("a client that leaves is noticed, while its body is read and while it waits", async () => {
  const gone = Promise.withResolvers<void>();
  const waiting = asking((request) => {
    request.onGone(gone.resolve);
    return new Promise(() => undefined);
  });
  waiting.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  await new Promise<void>((resolve) => waiting.socket.once("connect", () => resolve()));
  waiting.socket.end();
  await gone.promise;
  const read = Promise.withResolvers<unknown>();
  const sending = asking(async (request) => {
    await request.read(100).catch(read.resolve);
    return { status: 400, headers: {}, body: null };
  });
  sending.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf");
  await new Promise<void>((resolve) => sending.socket.once("connect", () => resolve()));
  sending.socket.end();
  expect(await read.promise).toMatchObject({ status: 400 });
});

test("a stream waits for a slow reader, and not a byte is lost", async () => {
  const told: string[] = [];
  const piece = Buffer.alloc(100_000, "x");
  const client = asking(() => {
    let written = 0;
    let slow = false;
    const pour = (): void => {
      while (!slow && written < 200) {
        written++;
        stream.write(piece);
      }
      if (written === 200) stream.end();
    };
    const stream: BodyStream = new BodyStream({
      slow() {
        slow = true;
        told.push("slow");
      },
      ready() {
        slow = false;
        pour();
      },
    });
    setImmediate(pour);
    return { status: 200, headers: {}, body: stream };
  });
  client.socket.pause();
  client.write("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  setTimeout(() => client.socket.resume(), 50);
  const text = await client.rest();
  expect(text).toEndWith("0\r\n\r\n");
  expect(text.match(/x{100000}/g)).toHaveLength(200);
  expect(told.length).toBeGreaterThan(0);
});

test("closing lets the answer that is on its way arrive, and takes no more", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Answer>();
  const server = serving(() => {
    asked.resolve();
    return answer.promise;
  });
  const idle = rawClient(server.port);
  const client = rawClient(server.port);
  client.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  await asked.promise;
  const closed = server.close(5_000);
  expect(await idle.rest()).toBe("");
  answer.resolve({ status: 200, headers: {}, body: "last words" });
  expect(await client.rest()).toEndWith("connection: close\r\n\r\nlast words");
  await closed;
  expect(await rawClient(server.port).rest()).toBe("");
});
