import { afterEach, expect, test } from "bun:test";
import { fromFetch, toFetch } from "./fetch.ts";
import { rawClient } from "./raw-client.testbed.ts";
import { refusal } from "./refusal.ts";
import { serveHttp } from "./server.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function serving(handle: (request: Request) => Response | Promise<Response>, limit = 1_000) {
  const server = serveHttp({
    hostname: "127.0.0.1",
    port: 0,
    refuse: refusal,
    async handle(incoming) {
      const request = await toFetch(incoming, limit);
      return await fromFetch(await handle(request), request.signal);
    },
  });
  cleanups.push(() => server.close(0));
  return { url: `http://127.0.0.1:${server.port}`, port: server.port };
}

test("a handler sees the request as it was sent, and its answer arrives as it was given", async () => {
  const { url } = serving(async (request) => {
    const { pathname, search } = new URL(request.url);
    const said = {
      at: pathname + search,
      body: await request.text(),
      x: request.headers.get("x-a"),
    };
    const headers = new Headers({ "content-type": "application/json" });
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    return new Response(JSON.stringify(said), { status: 201, headers });
  });
  const response = await fetch(`${url}/p%20q?r=s`, {
    method: "POST",
    headers: { "x-a": "é" },
    body: "hällo",
  });
  expect(response.status).toBe(201);
  expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  expect(response.headers.get("content-length")).not.toBeNull();
  expect(await response.json()).toMatchObject({ at: "/p%20q?r=s", body: "hällo" });
});

test("a body that is too long, or of unknown length, is left to the handler's refusal", async () => {
  const { url } = serving((request) => new Response(null, { status: request.body ? 200 : 413 }));
  expect((await fetch(url, { method: "POST", body: "x".repeat(1_001) })).status).toBe(413);
  const chunked = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("x"));
      controller.close();
    },
  });
  expect((await fetch(url, { method: "POST", body: chunked })).status).toBe(413);
  expect((await fetch(url, { method: "POST", body: "x" })).status).toBe(200);
});

test("a stream arrives piece by piece, and its source hears when the reader leaves", async () => {
  const cancelled = Promise.withResolvers<void>();
  let enqueue = (_: string): void => undefined;
  const { url } = serving(() => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        enqueue = (text) => controller.enqueue(new TextEncoder().encode(text));
        enqueue("first");
      },
      cancel: () => cancelled.resolve(),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  const leaving = new AbortController();
  const response = await fetch(url, { signal: leaving.signal });
  const reader = response.body?.getReader();
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("first");
  enqueue("second");
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("second");
  leaving.abort();
  await cancelled.promise;
});

test("a stream whose reader has left before it began is cancelled", async () => {
  const asked = Promise.withResolvers<AbortSignal>();
  const answer = Promise.withResolvers<Response>();
  const cancelled = Promise.withResolvers<void>();
  const { port } = serving((request) => {
    asked.resolve(request.signal);
    return answer.promise;
  });
  const client = rawClient(port);
  client.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  const signal = await asked.promise;
  client.socket.destroy();
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  answer.resolve(
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(1)),
        cancel: () => cancelled.resolve(),
      }),
    ),
  );
  await cancelled.promise;
});

test.each(["x:99999", "1.2.3.4.5", ""])(
  "a host that looks like one and is none (%s) is no fault of ours",
  async (host) => {
    const { port } = serving((request) => new Response(new URL(request.url).pathname));
    const client = rawClient(port);
    client.write(Buffer.from(`OPTIONS /p HTTP/1.1\r\nhost: ${host}\r\n\r\n`, "latin1"));
    client.write(`OPTIONS * HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    const text = await client.rest();
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    expect(text).toContain("\r\n\r\n/p");
  },
);

test.each(["TRACE", "TRACK", "CONNECT"])("%s is refused", async (method) => {
  const { port } = serving(() => new Response("unreached"));
  const client = rawClient(port);
  client.write(`${method} / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  expect(await client.rest()).toStartWith("HTTP/1.1 501 ");
});

test("a stream that breaks does not look complete", async () => {
  const { port } = serving(() => {
    let pulls = 0;
    return new Response(
      new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          if (++pulls === 3) controller.error(new Error("broken"));
          else controller.enqueue(new TextEncoder().encode(`piece ${pulls}`));
        },
      }),
    );
  });
  const client = rawClient(port);
  client.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  const text = await client.rest();
  expect(text).toContain("piece 2");
  expect(text).not.toEndWith("0\r\n\r\n");
});

test("an answer without a body, and HEAD", async () => {
  const { url } = serving(() => new Response(null, { status: 204 }));
  const response = await fetch(url);
  expect([response.status, await response.text()]).toEqual([204, ""]);
  expect((await fetch(url, { method: "HEAD" })).status).toBe(204);
});
