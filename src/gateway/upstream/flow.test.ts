/** Large bodies, slow readers and many streams at once: what back-pressure is for. */
import { afterEach, expect, test } from "bun:test";
import { createUpstream } from "./client.ts";
import { scriptedServer } from "./scripted-server.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function serve(script: Parameters<typeof scriptedServer>[0]) {
  const server = scriptedServer(script);
  const upstream = createUpstream();
  cleanups.push(server.stop, () => upstream.close());
  const send = (body: string, onData: (bytes: Buffer) => void = () => {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sink = { head() {}, data: onData, end: resolve, fail: reject };
    const request = { method: "POST", path: "/", headers: [], body } as const;
    const call = upstream.send({ host: "127.0.0.1", port: server.port }, request, sink);
    return { call, done: promise };
  };
  return { send, upstream };
}

test("a body of many megabytes, not all of it ASCII, arrives as it was sent", async () => {
  const body = `${"Grüße, 世界! ".repeat(600_000)}end`;
  const sum = Bun.hash(body);
  const { send } = serve((request, answer) => answer.json(200, Bun.hash(request.body) === sum));
  let text = "";
  await send(body, (bytes) => {
    text += bytes.toString();
  }).done;
  expect(text).toBe("true");
});

test("an answer that comes before the request was sent whole is taken, and the connection is not kept", async () => {
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket) {
        socket.pause();
        socket.write("HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig");
      },
    },
  });
  const upstream = createUpstream();
  cleanups.push(
    () => listener.stop(true),
    () => upstream.close(),
  );
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let status = 0;
  upstream.send(
    { host: "127.0.0.1", port: listener.port },
    { method: "POST", path: "/", headers: [], body: "x".repeat(30_000_000) },
    {
      head: (head) => {
        status = head.status;
      },
      data() {},
      end: () => resolve(status),
      fail: reject,
    },
  );
  expect(await promise).toBe(413);
  expect(upstream.idleConnections()).toBe(0);
});

test("while paused nothing more is read, and after resume nothing is missing", async () => {
  const chunk = "x".repeat(100_000);
  const count = 300;
  const { send } = serve((request, answer) => {
    if (request.body === "ping") return answer.json(200, "pong");
    answer.startStream();
    for (let index = 0; index < count; index++) answer.chunk(chunk);
    answer.finish();
  });
  let received = 0;
  let whilePaused = 0;
  let paused = false;
  const { call, done } = send("", (bytes) => {
    received += bytes.length;
    if (paused) whilePaused++;
    if (paused || received < 1_000_000 || received > 2_000_000) return;
    paused = true;
    call.pause();
    void roundTrips(20).then(() => {
      paused = false;
      call.resume();
    });
  });
  const roundTrips = async (times: number) => {
    for (let time = 0; time < times; time++) await send("ping").done;
  };
  await done;
  expect(received).toBe(count * chunk.length);
  expect(whilePaused).toBe(0);
});

test("a connection that was paused when its answer ended can be used again", async () => {
  const { send, upstream } = serve(({ index }, answer) => answer.json(200, index));
  const first = send("", () => first.call.pause());
  await first.done;
  expect(upstream.idleConnections()).toBe(1);
  await send("").done;
});

test("1,000 streams at once all arrive whole", async () => {
  const frames = 20;
  const { send, upstream } = serve(async (request, answer) => {
    answer.startStream();
    for (let index = 0; index < frames; index++) {
      answer.chunk(`data: ${request.body} ${index}\n\n`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    answer.finish();
  });
  const streams = Array.from({ length: 1_000 }, async (_, id) => {
    let text = "";
    await send(String(id), (bytes) => {
      text += bytes.toString();
    }).done;
    return text;
  });
  const texts = await Promise.all(streams);
  const expected = (id: number) =>
    Array.from({ length: frames }, (_, index) => `data: ${id} ${index}\n\n`).join("");
  expect(texts).toEqual(texts.map((_, id) => expected(id)));
  expect(upstream.idleConnections()).toBe(256);
});
