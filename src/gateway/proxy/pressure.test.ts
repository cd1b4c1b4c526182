/** What a careless or hostile client can do to the gateway: huge bodies, slow reading, leaving early. */
import { afterEach, expect, test } from "bun:test";
import type { Socket } from "bun";
import {
  frames,
  type GatewayUnderTest,
  gatewayUnderTest,
  hello,
  said,
} from "../gateway.testbed.ts";
import { type Answering, scriptedServer } from "../upstream/scripted-server.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function gatewayWith(script: (answer: Answering) => unknown, options = {}): GatewayUnderTest {
  const server = scriptedServer((_, answer) => script(answer));
  const under = gatewayUnderTest({ ports: [server.port], options });
  cleanups.push(under.stop, server.stop);
  return under;
}

interface RawClient {
  socket: Socket;
  /** Resolves with what has come as soon as it holds PART; rejects when the connection closes first. */
  until(part: string): Promise<string>;
}

async function rawClient(url: string): Promise<RawClient> {
  let text = "";
  let check = () => {};
  let closed = false;
  const { hostname, port } = new URL(url);
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data(_, bytes) {
        text += bytes.toString();
        check();
      },
      close() {
        closed = true;
        check();
      },
    },
  });
  cleanups.push(() => socket.terminate());
  const until = (part: string) =>
    new Promise<string>((resolve, reject) => {
      check = () => {
        if (text.includes(part)) resolve(text);
        else if (closed) reject(new Error(`closed after ${text.slice(0, 200)}`));
      };
      check();
    });
  return { socket, until };
}

const head = (path: string, ...lines: string[]) =>
  [
    `POST ${path} HTTP/1.1`,
    "host: x",
    "authorization: Bearer hv_first",
    "content-type: application/json",
    ...lines,
    "\r\n",
  ].join("\r\n");

const honest = (answer: Answering) => answer.json(200, said);
const upload_bytes = 100 * 1024 * 1024;

test("a declared 100 MB body is refused without being read", async () => {
  const under = gatewayWith(honest);
  const client = await rawClient(under.url);
  client.socket.write(head("/v1/chat/completions", `content-length: ${upload_bytes}`));
  const answer = await client.until("request_too_large");
  expect(answer).toStartWith("HTTP/1.1 413 ");
  expect(answer).toContain("x-request-id: req_");
});

test("a body without a declared length is refused when it passes the limit", async () => {
  const under = gatewayWith(honest, { max_body_bytes: 100_000 });
  const client = await rawClient(under.url);
  client.socket.write(head("/v1/chat/completions", "transfer-encoding: chunked"));
  const piece = "x".repeat(10_000);
  for (let sent = 0; sent <= 100_000; sent += piece.length) {
    client.socket.write(`${piece.length.toString(16)}\r\n${piece}\r\n`);
  }
  expect(await client.until("request_too_large")).toStartWith("HTTP/1.1 413 ");
});

test.each(["Expect:", "Expect: 100-continue", "Transfer-Encoding: chunked"])(
  "curl that uploads 100 MB with %s gets the 413, and the gateway stays well",
  async (header) => {
    const under = gatewayWith(honest);
    const curl = Bun.spawn(
      [
        "curl",
        "--silent",
        "--show-error",
        "--max-time",
        "30",
        "--request",
        "POST",
        "--header",
        header,
        "--header",
        "content-type: application/json",
        "--header",
        "authorization: Bearer hv_first",
        "--data-binary",
        "@-",
        "--write-out",
        " %{http_code}",
        `${under.url}/v1/chat/completions`,
      ],
      { stdin: new Blob([new Uint8Array(upload_bytes)]), stderr: "pipe" },
    );
    const answer = await new Response(curl.stdout).text();
    expect(answer).toContain("request_too_large");
    expect(answer).toEndWith(" 413");
    expect((await under.post(hello)).status).toBe(200);
    expect(under.gateway.inflight()).toBe(0);
  },
);

test("without a key not even a small body is waited for", async () => {
  const under = gatewayWith(honest);
  const client = await rawClient(under.url);
  client.socket.write(
    "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf",
  );
  expect(await client.until("\r\n\r\n")).toStartWith("HTTP/1.1 401 ");
});

test("a client that does not read holds up the runtime, not our memory, and is given up", async () => {
  const piece = frames.word("x".repeat(64 * 1024));
  const gone = Promise.withResolvers<void>();
  let taken = 0;
  const endless = async (answer: Answering) => {
    void answer.gone.then(gone.resolve);
    answer.startStream();
    let open = true;
    void answer.gone.then(() => {
      open = false;
    });
    while (open) {
      if (!answer.blocked()) {
        answer.chunk(piece);
        taken += piece.length;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const under = gatewayWith(endless, { stalled_client_timeout_ms: 300 });
  const client = await rawClient(under.url);
  const body = JSON.stringify({ ...hello, stream: true });
  client.socket.write(head("/v1/chat/completions", `content-length: ${body.length}`) + body);
  await client.until("data: ");
  client.socket.pause();
  await gone.promise;
  // What the kernel's four socket buffers hold, and a little of ours.
  expect(taken).toBeLessThan(64 * 1024 * 1024);
  expect(await under.rows(1)).toMatchObject([{ status: 499 }]);
});

test("200 streams with clients that leave at random leave nothing behind", async () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (error: unknown) => unhandled.push(error);
  process.on("unhandledRejection", onUnhandled);
  cleanups.push(() => process.off("unhandledRejection", onUnhandled));
  const paced = async (answer: Answering) => {
    answer.startStream();
    for (let count = 0; count < 30; count++) {
      answer.chunk(frames.word(` ${count}`));
      await new Promise((resolve) => setImmediate(resolve));
    }
    answer.chunk(frames.stop + frames.usage + frames.done);
    answer.finish();
  };
  const under = gatewayWith(paced);
  const random = seeded(7);
  const streams = Array.from({ length: 200 }, async () => {
    const leaveAfter = Math.floor(random() * 60);
    const client = new AbortController();
    const response = await under.post({ ...hello, stream: true }, { signal: client.signal });
    const reader = response.body?.getReader();
    let text = "";
    for (let reads = 0; reads < leaveAfter; reads++) {
      const { value } = (await reader?.read()) ?? {};
      if (!value) return text.endsWith(frames.done) ? "whole" : "broken";
      text += Buffer.from(value).toString();
    }
    client.abort();
    return "left";
  });
  const ends = await Promise.all(streams);
  const rows = await under.rows(200);
  expect(new Set(rows.map(({ id }) => id)).size).toBe(200);
  expect(rows).toHaveLength(200);
  expect(ends).not.toContain("broken");
  expect(new Set(rows.map(({ status }) => status))).toEqual(new Set([200, 499]));
  expect(under.gateway.inflight()).toBe(0);
  expect(under.routing.inflight("rep_1")).toBe(0);
  expect([unhandled, under.reports]).toEqual([[], []]);
});

/** Park and Miller's generator: the same "random" clients on every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
