/** Every slip that services are known for, in every protocol, whole and as a stream. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type GatewayUnderTest, gatewayUnderTest } from "./gateway.testbed.ts";
import { ChatReader } from "./protocols/chat-reader.ts";
import { Tap } from "./proxy/tap.ts";
import { type Slip, send, slips } from "./slips.testbed.ts";
import { asking, type Json, protocols, type Told, told } from "./told.testbed.ts";
import { scriptedServer } from "./upstream/scripted-server.ts";

let under: GatewayUnderTest;
let stop: () => void;

beforeAll(() => {
  const server = scriptedServer(({ body }, answering) => {
    const asked = JSON.parse(body) as { messages: { content: unknown }[]; stream?: boolean };
    const slip = slips[String(asked.messages.at(-1)?.content)] ?? { is: "an error" };
    send(slip, asked.stream === true, answering);
  });
  under = gatewayUnderTest({ ports: [server.port] });
  stop = server.stop;
});

afterAll(async () => {
  await under.stop();
  stop();
});

const ways = (slip: Slip): boolean[] => [
  ...(slip.stream === undefined || slip.always ? [false] : []),
  ...(slip.whole === undefined || slip.always ? [true] : []),
];

const ends: Json = { chat: "tool_calls", messages: "tool_use", responses: "completed" };
const wordEnds: Json = { chat: "stop", messages: "end_turn", responses: "completed" };

describe.each(protocols.map((protocol) => [protocol]))("in %s", (protocol) => {
  const asked = Object.entries(slips).flatMap(([name, slip]) =>
    ways(slip).map((isStream) => [name, isStream ? "a stream" : "whole", slip] as const),
  );

  test.each(asked)("%s, %s, is told for what it is", async (name, way, { is }) => {
    const { path, body } = asking[protocol](name);
    const isStream = way === "a stream";
    const response = await fetch(under.url + path, {
      method: "POST",
      headers: { authorization: "Bearer hv_first", "content-type": "application/json" },
      body: JSON.stringify({ ...body, model: "demo", stream: isStream }),
    });
    const isEvents = response.headers.get("content-type")?.startsWith("text/event-stream");
    const what: Told = await told(protocol, response);
    if (is === "an error") {
      expect(what).toMatchObject({ end: null, failed: true });
      if (!isEvents) expect(what.status).toBe(502);
      return;
    }
    expect(isEvents).toBe(isStream);
    expect(what).toMatchObject({ status: 200, failed: false });
    if ("text" in is) {
      expect(what).toMatchObject({ text: is.text, calls: [], end: wordEnds[protocol] });
      return;
    }
    expect(what.calls).toMatchObject(is.calls);
    expect(what.calls).toHaveLength(is.calls.length);
    expect(what.calls.every((made) => made.name === "f" && made.id !== "")).toBe(true);
    expect(new Set(what.calls.map(({ id }) => id)).size).toBe(what.calls.length);
    expect(what.end).toBe(ends[protocol]);
  });
});

/** With the ids that were made up, which are random, all the same. */
const plain = (text: string) => text.replaceAll(/call_\w{20}/g, "call_x");

function passed(pieces: Buffer[]): string {
  const tap = new Tap(true);
  const said = [...pieces.map((piece) => tap.push(piece)), tap.end()];
  const last = tap.finished && !tap.failure ? tap.tail().toString() : String(tap.failure?.status);
  return plain(Buffer.concat(said).toString() + last);
}

function understood(pieces: Buffer[]): unknown {
  const reader = new ChatReader();
  const deltas = [...pieces.flatMap((piece) => reader.read(piece)), ...reader.end()];
  const { finishReason, failure, usage } = reader;
  return { deltas: plain(JSON.stringify(deltas)), finishReason, usage, failed: failure !== null };
}

const streams = Object.entries(slips).flatMap(([name, { stream }]) =>
  stream ? [[name, Buffer.from(stream)] as const] : [],
);

test.each(streams)("%s: the same wherever the network splits it", (_, bytes) => {
  const [whole, read] = [passed([bytes]), understood([bytes])];
  const single = [...bytes].map((byte) => Buffer.of(byte));
  expect(passed(single)).toBe(whole);
  expect(understood(single)).toEqual(read);
  for (let at = 1; at < bytes.length; at++) {
    const halves = [bytes.subarray(0, at), bytes.subarray(at)];
    expect(passed(halves)).toBe(whole);
    expect(understood(halves)).toEqual(read);
  }
});
