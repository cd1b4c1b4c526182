/** Thousands of connections with something wrong with them. A failure names the seed of its case. */
import { afterAll, expect, test } from "bun:test";
import type { Socket } from "bun";
import type { Answer } from "./answer.ts";
import { answersIn } from "./answers.testbed.ts";
import { BodyStream } from "./body-stream.ts";
import { fromFetch, toFetch } from "./fetch.ts";
import type { ServerRequest } from "./incoming.ts";
import { refusal } from "./refusal.ts";
import { mutated, pieces, pipeline, type Sent } from "./requests.testbed.ts";
import { type Dice, dice } from "./seeded.testbed.ts";
import { serveHttp } from "./server.ts";

const firstSeed = Number(process.env["HYPERVIZE_FUZZ_SEED"] ?? 1);
const limit = 1_000_000;

let handling = 0;
let clock_ms = 0;

const echo = (method: string, path: string, body: string): string => `${method} ${path} [${body}]`;

/** Answers in each of the ways that there are. */
async function handle(request: ServerRequest): Promise<Answer> {
  handling++;
  try {
    if (request.path.startsWith("/f")) return await handleByFetch(request);
    const body = (await request.read(limit)).toString("latin1");
    const said = Buffer.from(echo(request.method, request.path, body), "latin1");
    return {
      status: 200,
      headers: {},
      body: request.path.startsWith("/s") ? streamed(said) : said,
    };
  } finally {
    handling--;
  }
}

async function handleByFetch(incoming: ServerRequest): Promise<Answer> {
  const request = await toFetch(incoming, limit);
  // Handlers that speak Fetch get no body of unknown length.
  const sent =
    incoming.length > 0 ? Buffer.from(await request.arrayBuffer()) : await incoming.read(limit);
  const body = echo(request.method, new URL(request.url).pathname, sent.toString("latin1"));
  return await fromFetch(new Response(Buffer.from(body, "latin1")), request.signal);
}

function streamed(bytes: Buffer): BodyStream {
  const stream = new BodyStream({ slow: () => undefined, ready: () => undefined });
  const half = bytes.length >> 1;
  stream.write(bytes.subarray(0, half));
  queueMicrotask(() => {
    stream.write(bytes.subarray(half));
    stream.end();
  });
  return stream;
}

const server = serveHttp({
  hostname: "127.0.0.1",
  port: 0,
  handle,
  refuse: refusal,
  now: () => clock_ms,
  sweep_ms: 1,
});
afterAll(() => server.close(0));

interface Client {
  socket: Socket;
  received: Buffer[];
  gone: boolean;
  closed: Promise<void>;
}

async function connected(): Promise<Client> {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const received: Buffer[] = [];
  const { port } = server;
  const leave = () => {
    client.gone = true;
    resolve();
  };
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: { data: (_, bytes) => void received.push(bytes), close: leave, error: leave },
  });
  const client: Client = { socket, received, closed, gone: false };
  return client;
}

async function send(client: Client, text: string, dice: Dice): Promise<void> {
  for (const piece of pieces(text, dice)) {
    client.socket.write(Buffer.from(piece, "latin1"));
    await nextTurn();
  }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const textOf = ({ received }: Client): string => Buffer.concat(received).toString("latin1");
const last = "GET /last HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
const prefixes = ["/", "/s", "/f"] as const;

/** Runs COUNT cases, some at a time. */
async function each(count: number, from: number, run: (dice: Dice) => Promise<void>) {
  let next = from;
  const worker = async (): Promise<void> => {
    while (next < from + count) {
      const seed = next++;
      try {
        await run(dice(seed));
      } catch (cause) {
        throw new Error(`HYPERVIZE_FUZZ_SEED=${seed} fails.`, { cause });
      }
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

/** Nothing is left of the clients that have gone. */
async function quiet(): Promise<void> {
  while (server.connections > 0) await nextTurn();
  expect([handling, server.bodies_bytes]).toEqual([0, 0]);
}

const methodsOf = (sent: readonly Sent[]): string[] => sent.map(({ method }) => method);

function expectAnswered(sent: readonly Sent[], text: string): void {
  const answers = answersIn(text, methodsOf(sent));
  expect(answers.map(({ status }) => status)).toEqual(sent.map(() => 200));
  for (const [index, { echo }] of sent.entries()) {
    expect(answers[index]?.body ?? null).toBe(echo ?? "");
  }
}

/** Whatever it was, it was the client's fault, and it is told so in the envelope. */
function expectNoFault(text: string): void {
  expect(text).not.toContain("HTTP/1.1 500 ");
  for (const [envelope] of text.matchAll(/\{"error":[^}]*\}\}/g)) {
    expect(Object.keys(JSON.parse(envelope).error).sort()).toEqual(keys);
  }
  const refusals = text.match(/HTTP\/1\.1 [45]\d\d /g) ?? [];
  expect(text.match(/\{"error":/g) ?? []).toHaveLength(refusals.length);
}

const keys = ["code", "message", "param", "type"];

test("well-formed requests are answered in their order, however they are split", async () => {
  await each(600, firstSeed, async (dice) => {
    const client = await connected();
    const sent = pipeline(dice, dice.pick(prefixes));
    await send(client, sent.map(({ text }) => text).join("") + last, dice);
    await client.closed;
    expectAnswered(sent, textOf(client));
    expect(textOf(client)).toEndWith("GET /last []");
  });
  await quiet();
});

test("what comes before the broken request is answered, and nobody gets a 500", async () => {
  await each(2_000, firstSeed, async (dice) => {
    const client = await connected();
    const sent = pipeline(dice, dice.pick(prefixes));
    const whole = sent.map(({ text }) => text).join("");
    const broken = mutated(
      pipeline(dice, dice.pick(prefixes))
        .map(({ text }) => text)
        .join(""),
      dice,
    );
    await send(client, whole + broken, dice);
    // It waits for the answers to what is whole, and then closes its side, in good or in bad manners.
    const methods = methodsOf(sent);
    while (!client.gone && answersIn(textOf(client), methods).length < sent.length)
      await nextTurn();
    if (dice.one(2)) client.socket.shutdown();
    else client.socket.terminate();
    await client.closed;
    expectAnswered(sent, textOf(client));
    expectNoFault(textOf(client));
  });
  await quiet();
});

test("a client that stops anywhere and stays is let go in the end", async () => {
  const clients: Client[] = [];
  await each(400, firstSeed, async (dice) => {
    const client = await connected();
    clients.push(client);
    const text = pipeline(dice, dice.pick(prefixes))
      .map(({ text }) => text)
      .join("");
    await send(
      client,
      dice.one(2) ? mutated(text, dice) : text.slice(0, dice.below(text.length)),
      dice,
    );
  });
  const started_ms = clock_ms;
  while (server.connections > 0) {
    clock_ms += 1_000;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  expect(clock_ms - started_ms).toBeLessThan(130_000);
  await Promise.all(clients.map(({ closed }) => closed));
  for (const client of clients) expectNoFault(textOf(client));
  await quiet();
});

test("none of it is remembered", async () => {
  const round = (from: number) =>
    each(300, from, async (dice) => {
      const client = await connected();
      const text = pipeline(dice, "/s")
        .map(({ text }) => text)
        .join("");
      await send(client, dice.one(2) ? mutated(text, dice) : text, dice);
      client.socket.terminate();
      await client.closed;
    });
  const heap = async (): Promise<number> => {
    await quiet();
    Bun.gc(true);
    return process.memoryUsage().heapUsed;
  };
  await round(firstSeed);
  const before = await heap();
  for (let count = 1; count <= 3; count++) await round(firstSeed + 300 * count);
  expect((await heap()) - before).toBeLessThan(2_000_000);
});
