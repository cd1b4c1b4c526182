/** What a client can make the server keep: it is bounded, and the others are served meanwhile. */
import { afterEach, expect, test } from "bun:test";
import type { Answer } from "./answer.ts";
import { Gathered } from "./gathered.ts";
import type { ServerRequest } from "./incoming.ts";
import { type Serving, serving, still, until } from "./serving.testbed.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function under(...setup: Parameters<typeof serving>): Serving {
  const it = serving(...setup);
  cleanups.push(it.stop);
  return it;
}

const fine: Answer = { status: 200, headers: {}, body: "fine" };
const get = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
const post = (length: number) => `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n\r\n`;

/** Reads all of a body, then waits to be told to answer. */
function reading() {
  const answers: ((answer: Answer) => void)[] = [];
  const handle = async (request: ServerRequest): Promise<Answer> => {
    await request.read(10_000_000);
    if (request.path === "/") return fine;
    return await new Promise((resolve) => answers.push(resolve));
  };
  return { handle, answers };
}

test("who asks and asks and never reads is asked nothing more of, and loses nothing", async () => {
  let handled = 0;
  const body = Buffer.alloc(50_000, "x");
  const { client, server } = under(async () => {
    handled++;
    return { status: 200, headers: {}, body };
  });
  const flood = client();
  flood.socket.pause();
  flood.write(get.repeat(2_000));
  // What the kernel's buffers hold of 100 MB.
  expect(await still(() => handled)).toBeLessThan(600);
  const other = client();
  other.write(get);
  expect(await other.until(/x{50000}/)).toEndWith("xxx");
  flood.socket.resume();
  let received = 0;
  flood.socket.on("data", (bytes) => (received += bytes.length));
  await until(() => handled === 2_001 && received >= 2_000 * body.length);
  expect(server.connections).toBe(2);
});

test("a long queue of one client does not hold up another", async () => {
  let handled = 0;
  const { client } = under(() => {
    handled++;
    return fine;
  });
  const flood = client();
  const other = client();
  other.write(get);
  expect(await other.until("fine")).toEndWith("fine");
  flood.write(get.repeat(100_000));
  await until(() => handled > 10);
  other.write(get);
  expect(await other.until(/fine(.|\s)*fine/)).toMatch(/fine(.|\s)*fine/);
  // One read off a socket holds 20,000 of them.
  expect(handled).toBeLessThan(5_000);
});

test("of what a client sends ahead of its answer only a little is taken", async () => {
  const { client } = under(() => new Promise(() => undefined));
  const eager = client();
  eager.write(get.repeat(2_000_000));
  expect(await still(() => eager.socket.writableLength)).toBeGreaterThan(30_000_000);
});

test("who asks as fast as it is let, and reads, is let in as it is answered", async () => {
  let handled = 0;
  let ahead = 0;
  const { client } = under(() => {
    handled++;
    const taken = flood.socket.bytesWritten - flood.socket.writableLength;
    ahead = Math.max(ahead, taken - handled * get.length);
    return fine;
  });
  const flood = client();
  flood.write(get.repeat(1_000_000));
  await until(() => handled >= 20_000);
  // What the kernel holds, and one read of ours.
  expect(ahead).toBeLessThan(12_000_000);
});

test("who sends ahead and never reads takes no more than there is room for, and others are served", async () => {
  const body = Buffer.alloc(100_000, "x");
  const { client, server } = under(() => ({ status: 200, headers: {}, body }), {
    max_bodies_bytes: 2_000_000,
  });
  const floods = Array.from({ length: 20 }, () => client());
  for (const { socket } of floods) socket.pause();
  for (const each of floods) each.write(get.repeat(200_000));
  await still(() => server.bodies_bytes);
  expect(server.bodies_bytes).toBeGreaterThan(0);
  expect(server.bodies_bytes).toBeLessThanOrEqual(2_000_000);
  const other = client();
  other.write(get);
  expect(await other.until(/x{100000}/)).toStartWith("HTTP/1.1 200 ");
  for (const { socket } of [...floods, other]) socket.destroy();
  await until(() => server.connections === 0);
  expect(server.bodies_bytes).toBe(0);
});

test("a body that comes byte by byte behind a long queue arrives whole", async () => {
  const { client } = under(async (request) => {
    const body = await request.read(1_000);
    return { status: 200, headers: {}, body: `[${body}]` };
  });
  const slow = client();
  slow.write(get.repeat(5_000) + post(26));
  for (const byte of "abcdefghijklmnopqrstuvwxyz") {
    slow.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await slow.until("z]")).toEndWith("[abcdefghijklmnopqrstuvwxyz]");
});

test("a thousand bodies that are half here take no more than there is room for", async () => {
  const { handle } = reading();
  const { client, server } = under(handle, { max_bodies_bytes: 2_000_000 });
  const half = "b".repeat(100_000);
  const clients = Array.from({ length: 200 }, () => client());
  const ends = clients.map(async (each) => {
    each.write(post(200_000) + half);
    return (await each.until("\r\n\r\n")).slice(0, 12);
  });
  await until(() => server.connections === 20);
  expect(server.bodies_bytes).toBeLessThanOrEqual(2_000_000);
  const small = client();
  small.write(`${post(60_000)}${"b".repeat(60_000)}`);
  expect(await small.until("fine")).toStartWith("HTTP/1.1 200 ");
  small.socket.destroy();
  for (const each of clients) each.socket.destroy();
  await until(() => server.connections === 0);
  const refused = (await Promise.all(ends)).filter((status) => status !== "");
  expect(refused).toHaveLength(180);
  expect(new Set(refused)).toEqual(new Set(["HTTP/1.1 503"]));
  expect(server.bodies_bytes).toBe(0);
});

test("the room of a body is taken until its request is answered", async () => {
  const { handle, answers } = reading();
  const { client, server } = under(handle, { max_bodies_bytes: 1_000_000 });
  const held = client();
  const body = "b".repeat(600_000);
  held.write(post(body.length).replace(" / ", " /held ") + body);
  await until(() => answers.length === 1);
  expect(server.bodies_bytes).toBe(600_000);
  const next = client();
  next.write(post(body.length) + body);
  const refused = await next.rest();
  expect(refused).toStartWith("HTTP/1.1 503 ");
  expect(refused).toContain('"code":"overloaded"');
  expect(refused).toContain("retry-after: ");
  answers[0]?.(fine);
  expect(await held.until("fine")).toEndWith("fine");
  expect(server.bodies_bytes).toBe(0);
  const later = client();
  later.write(post(body.length) + body);
  expect(await later.until("fine")).toEndWith("fine");
});

test("a body keeps no more than it is, however little of what came was body", () => {
  const gathered = new Gathered();
  for (let count = 0; count < 1_000; count++) gathered.add(Buffer.alloc(65_536).subarray(9, 10));
  const bytes = gathered.take();
  expect(bytes).toHaveLength(1_000);
  expect(bytes.buffer.byteLength).toBeLessThan(4_096);
  expect(gathered.size).toBe(0);
});

test("when it is full, who has no request under way makes room; else there is 503", async () => {
  const { handle, answers } = reading();
  const { client, server } = under(handle, { max_connections: 10 });
  const idle = Array.from({ length: 50 }, () => client());
  for (const each of idle) each.write("GET / HT");
  await Promise.all(idle.slice(0, 40).map((each) => each.rest()));
  expect(server.connections).toBe(10);
  const busy = Array.from({ length: 10 }, () => client());
  for (const each of busy) each.write(get.replace(" / ", " /held "));
  await until(() => answers.length === 10);
  expect(await client().rest()).toStartWith("HTTP/1.1 503 ");
  for (const answer of answers) answer(fine);
  for (const each of busy) expect(await each.until("fine")).toStartWith("HTTP/1.1 200 ");
});
