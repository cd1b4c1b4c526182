import { afterEach, expect, test } from "bun:test";
import { listenerOn } from "../../../agent/contract/listener.ts";
import type { AnswerSink, UpstreamCall } from "./call.ts";
import { createUpstream, type Upstream } from "./client.ts";
import type { UpstreamFault } from "./fault.ts";
import { type ScriptedServer, scriptedServer } from "./scripted-server.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function upstreamFor(options: Parameters<typeof createUpstream>[0] = {}): Upstream {
  const upstream = createUpstream(options);
  cleanups.push(() => upstream.close());
  return upstream;
}

function server(script: Parameters<typeof scriptedServer>[0]): ScriptedServer {
  const started = scriptedServer(script);
  cleanups.push(() => started.stop());
  return started;
}

interface Sent {
  call: UpstreamCall;
  /** The status and the body, or the fault. */
  answer: Promise<{ status: number; body: Buffer } | UpstreamFault>;
}

function send(
  upstream: Upstream,
  port: number,
  body = "{}",
  onData = (_: Buffer) => {},
  listener?: number,
): Sent {
  const { promise, resolve } = Promise.withResolvers<Awaited<Sent["answer"]>>();
  let status = 0;
  const parts: Buffer[] = [];
  const sink: AnswerSink = {
    head: (head) => {
      status = head.status;
    },
    data: (bytes) => {
      parts.push(bytes);
      onData(bytes);
    },
    end: () => resolve({ status, body: Buffer.concat(parts) }),
    fail: resolve,
  };
  const address = { host: "127.0.0.1", port, ...(listener !== undefined && { listener }) };
  const request = { method: "POST", path: "/x", headers: [], body } as const;
  return {
    call: upstream.send(address, request, sink),
    answer: promise,
  };
}

const ask = async (upstream: Upstream, port: number, body?: string, listener?: number) => {
  const answer = await send(upstream, port, body, undefined, listener).answer;
  return answer instanceof Error ? `${answer.kind} in ${answer.phase}` : String(answer.body);
};

test("a connection is kept and used again", async () => {
  const { port, connections } = server(({ index }, answer) => answer.json(200, index));
  const upstream = upstreamFor();
  expect(await ask(upstream, port)).toBe("0");
  expect(upstream.idleConnections()).toBe(1);
  expect(await ask(upstream, port)).toBe("1");
  expect(connections()).toBe(1);
});

test("an idle connection is not used after its time", async () => {
  let now = 0;
  const { port, connections } = server((_, answer) => answer.json(200, null));
  const upstream = upstreamFor({ idle_ms: 4_000, now: () => now });
  await ask(upstream, port);
  now = 4_000;
  await ask(upstream, port);
  expect(connections()).toBe(2);
  expect(upstream.idleConnections()).toBe(1);
});

test("a runtime is who listens with its socket, and who has taken its port gets nothing", async () => {
  let heard = 0;
  const { port } = server((_, answer) => {
    heard += 1;
    answer.json(200, "hello");
  });
  const upstream = upstreamFor();
  const listener = listenerOn(port);
  expect(await ask(upstream, port, "{}", listener)).toBe('"hello"');
  expect(await ask(upstream, port, "{}", listener + 1)).toBe("untrusted in connect");
  expect(await ask(upstream, port, "{}", 0)).toBe("untrusted in connect");
  expect(heard).toBe(1);
});

test("no more idle connections are kept than allowed", async () => {
  const { port } = server((_, answer) => answer.json(200, null));
  const upstream = upstreamFor({ max_idle: 2 });
  await Promise.all([1, 2, 3, 4].map(() => ask(upstream, port)));
  expect(upstream.idleConnections()).toBe(2);
});

test("a kept connection that dies before any byte is replaced, once, without anyone noticing", async () => {
  const stale = server(({ index }, answer) =>
    index === 1 ? answer.reset() : answer.json(200, index),
  );
  const upstream = upstreamFor();
  await ask(upstream, stale.port);
  expect(await ask(upstream, stale.port)).toBe("0");
  expect(stale.connections()).toBe(2);
});

test("a request on a new connection is never sent twice", async () => {
  let requests = 0;
  const { port } = server((_, answer) => {
    requests++;
    answer.close();
  });
  expect(await ask(upstreamFor(), port)).toBe("closed in head");
  expect(requests).toBe(1);
});

test("a kept connection that dies after the first byte is not tried again", async () => {
  let requests = 0;
  const { port } = server(({ index }, answer) => {
    requests++;
    if (index === 0) answer.json(200, null);
    else {
      answer.raw("H");
      answer.close();
    }
  });
  const upstream = upstreamFor();
  await ask(upstream, port);
  expect(await ask(upstream, port)).toBe("closed in body");
  expect(requests).toBe(2);
});

test("each way of failing has its name", async () => {
  const script = server(({ body }, answer) => {
    if (body === "reset") answer.reset();
    if (body === "close") answer.close();
    if (body === "half") {
      answer.startStream();
      answer.chunk("half an ans");
      answer.close();
    }
    if (body === "nonsense") answer.raw("nonsense\r\n\r\n");
  });
  const upstream = upstreamFor();
  expect(await ask(upstream, script.port, "reset")).toBe("reset in head");
  expect(await ask(upstream, script.port, "close")).toBe("closed in head");
  expect(await ask(upstream, script.port, "half")).toBe("closed in body");
  expect(await ask(upstream, script.port, "nonsense")).toBe("protocol in body");
  script.stop();
  expect(await ask(upstream, script.port)).toBe("refused in connect");
  expect(upstream.idleConnections()).toBe(0);
});

test("abort closes the connection at once and the sink hears nothing more", async () => {
  const begun = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const { port } = server((_, answer) => {
    answer.startStream();
    answer.chunk("first");
    answer.gone.then(gone.resolve);
  });
  const { call, answer } = send(upstreamFor(), port, "{}", () => begun.resolve());
  await begun.promise;
  call.abort();
  call.abort();
  await gone.promise;
  expect(await Promise.race([answer, Promise.resolve("silence")])).toBe("silence");
});

test("an abort before the connection stands leaves nothing open", async () => {
  const gone = Promise.withResolvers<void>();
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: () => gone.reject(new Error("was sent")), close: () => gone.resolve() },
  });
  cleanups.push(() => listener.stop(true));
  send(upstreamFor(), listener.port).call.abort();
  await gone.promise;
});

test("a runtime that does not accept in time is a timeout", async () => {
  // The listener's thread sleeps; once its queue of 512 is full, the kernel leaves SYNs unanswered.
  const code = `const s = require("node:net").createServer().listen({port: 0, host: "127.0.0.1"}, () => {
    postMessage(s.address().port); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20000); });`;
  const worker = new Worker(URL.createObjectURL(new Blob([code])));
  cleanups.push(() => worker.terminate());
  const port = await new Promise<number>((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
  });
  const upstream = upstreamFor({ connect_timeout_ms: 300 });
  const calls = Array.from({ length: 600 }, () => send(upstream, port));
  const faults = await Promise.race(calls.map(({ answer }) => answer));
  expect(faults).toMatchObject({ kind: "timeout", phase: "connect" });
  for (const { call } of calls) call.abort();
});
