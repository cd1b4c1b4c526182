/** The load client against a server that lies: what it does not find, no benchmark would. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type Server, type Socket } from "node:net";
import { type Faults, type LoadResult, load } from "./load.ts";
import { buildPrograms, compiler } from "./programs.ts";

type Lie = (frames: string[], tag: string) => string[];

const chunk = (choices: object[], more: object = {}): string =>
  `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", choices, ...more })}\n\n`;
const choice = (delta: object, finish_reason: string | null = null) => ({
  index: 0,
  delta,
  finish_reason,
});
const piece = (tag: string, number: number): string =>
  chunk([choice({ content: `${tag}:${String(number).padStart(6, "0")} ` })]);

/** Role, four pieces at 1 to 4, finish, usage, the end. */
const wholeStream = (tag: string): string[] => [
  chunk([choice({ role: "assistant", content: null })]),
  ...[0, 1, 2, 3].map((number) => piece(tag, number)),
  chunk([choice({}, "stop")]),
  chunk([], { usage: { prompt_tokens: 12, completion_tokens: 4, total_tokens: 16 } }),
  "data: [DONE]\n\n",
];

const coded = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const head =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

describe.skipIf(compiler() === null)("with a C compiler, the load client", () => {
  const sockets = new Set<Socket>();
  let program: string;
  let server: Server;
  let port: number;
  let answer: (tag: string, socket: Socket) => void;

  beforeAll(async () => {
    program = buildPrograms().load;
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("data", (bytes) => {
        const tag = /\[\[(\d{12}):/.exec(bytes.toString())?.[1];
        if (tag) answer(tag, socket);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    port = typeof address === "object" && address ? address.port : 0;
  }, 60_000);

  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  const target = () => ({ port, model: "bench", key: "hv_test" });
  const streams = (count = 1): Promise<LoadResult> =>
    load(program, target(), {
      mode: "streams",
      streams: count,
      chunks: 4,
      interval_us: 1000,
      ramp_ms: 0,
      patience_ms: 300,
    });
  const closed = () => load(program, target(), { mode: "closed", connections: 1, seconds: 0.05 });
  const lying = (lie: Lie, end = "0\r\n\r\n") => {
    answer = (tag, socket) =>
      socket.write(head + lie(wholeStream(tag), tag).map(coded).join("") + end);
  };

  test("finds nothing wrong with whole streams, also when every byte comes alone", async () => {
    lying((frames) => frames);
    const together = await streams(3);
    expect(together).toMatchObject({ fault_count: 0, whole_streams: 3, pieces: 12 });
    answer = async (tag, socket) => {
      const bytes = `${head}${wholeStream(tag).map(coded).join("")}0\r\n\r\n`;
      for (const byte of bytes) await new Promise<void>((sent) => socket.write(byte, () => sent()));
    };
    expect(await streams()).toMatchObject({ fault_count: 0, whole_streams: 1, pieces: 4 });
  });

  test("counts an event that is split over chunks, or shares one, as whole", async () => {
    answer = (tag, socket) => {
      const text = wholeStream(tag).join("");
      socket.write(`${head}${coded(text.slice(0, 333))}${coded(text.slice(333))}0\r\n\r\n`);
    };
    expect(await streams()).toMatchObject({ fault_count: 0, whole_streams: 1 });
  });

  const lies: [what: string, Lie, Partial<Faults>][] = [
    ["a lost chunk", (frames) => frames.toSpliced(2, 1), { lost: 1 }],
    ["the loss of the last chunks", (frames) => frames.toSpliced(3, 2), { lost: 2 }],
    [
      "two chunks in the wrong order",
      ([role = "", a = "", b = "", ...rest]) => [role, b, a, ...rest],
      { lost: 1, reordered: 1 },
    ],
    [
      "a chunk that came twice",
      (frames) => frames.toSpliced(2, 0, frames[1] ?? ""),
      { reordered: 1 },
    ],
    [
      "two pieces merged into one chunk",
      (frames, tag) => {
        const both = chunk([choice({ content: `${tag}:000001 ${tag}:000002 ` })]);
        return frames.toSpliced(2, 2, both);
      },
      { merged: 1, lost: 2 },
    ],
    [
      "two chunks merged into one event",
      (frames) => frames.toSpliced(2, 2, `${frames[2]?.trim()}\n${frames[3]}`),
      { merged: 1, lost: 2 },
    ],
    [
      "a chunk of another request",
      (frames) => frames.toSpliced(2, 1, piece("000000009999", 1)),
      { foreign: 1, lost: 1 },
    ],
    ["half a chunk", (frames) => frames.with(2, `${frames[2]?.slice(0, 80)}\n\n`), { lost: 1 }],
    ["that finish_reason is missing", (frames) => frames.toSpliced(5, 1), { no_finish: 1 }],
    ["that usage is missing", (frames) => frames.toSpliced(6, 1), { no_usage: 1 }],
    ["that [DONE] is missing", (frames) => frames.toSpliced(7, 1), { no_done: 1 }],
    ["an event behind [DONE]", (frames, tag) => [...frames, piece(tag, 4)], { malformed: 1 }],
  ];
  test.each(lies)("finds %s", async (_, lie, faults) => {
    lying(lie);
    const found = await streams();
    expect(found.faults).toMatchObject(faults);
    expect(found).toMatchObject({ good: 0, whole_streams: 0 });
    expect(found.first_fault).not.toBe("");
  });

  test("finds a stream that broke off, one that never ends, and bytes behind an end", async () => {
    answer = (tag, socket) => socket.end(head + wholeStream(tag).slice(0, 3).map(coded).join(""));
    expect((await streams()).faults).toMatchObject({ truncated: 1 });
    lying((frames) => frames.slice(0, 3), "");
    expect((await streams()).faults).toMatchObject({ unanswered: 1 });
    lying((frames) => frames, "0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n");
    expect((await streams()).faults).toMatchObject({ protocol: 1 });
  });

  const bodies: [what: string, status: number, body: (tag: string) => string, Partial<Faults>][] = [
    [
      "the answer to another request",
      200,
      () => '{"content":"000000009999","usage":{}}',
      { wrong_body: 1 },
    ],
    ["half an answer", 200, (tag) => `{"content":"${tag}","usage":{"prompt`, { wrong_body: 1 }],
    ["a refusal", 429, () => '{"error":{}}', { status: 1 }],
  ];
  test.each(bodies)("finds %s", async (_, status, bodyOf, faults) => {
    let asked = 0;
    answer = (tag, socket) => {
      const body = asked++ === 0 ? bodyOf(tag) : `{"content":"${tag}","usage":{"total_tokens":1}}`;
      socket.write(`HTTP/1.1 ${status} X\r\ncontent-LENGTH: ${body.length}\r\n\r\n${body}`);
      if (status !== 200) socket.end();
    };
    const found = await closed();
    if (status === 200) expect(found).toMatchObject({ faults, fault_count: 1 });
    else expect(found.faults.status).toBeGreaterThan(0);
    expect(found.first_fault).not.toBe("");
  });

  test("says when nobody listens", async () => {
    const nobody = { ...target(), port: 1 };
    const found = await load(program, nobody, { mode: "paced", rate: 100, seconds: 0.05 });
    expect(found).toMatchObject({ good: 0, first_fault: "nobody listens" });
  });
});
