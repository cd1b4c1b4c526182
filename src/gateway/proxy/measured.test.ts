/** What metrics are told of finished requests. */
import { afterEach, expect, test } from "bun:test";
import { frames, type GatewayUnderTest, gatewayUnderTest, hello } from "../gateway.testbed.ts";
import { type Answering, scriptedServer } from "../upstream/scripted-server.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** The only clock of the gateway. It stands still until the runtime, or the client, takes its time. */
let clock_ms = 0;

function gatewayWith(
  script: (answer: Answering) => unknown,
  wall: () => number = Date.now,
): GatewayUnderTest {
  const server = scriptedServer((_, answer) => script(answer));
  const under = gatewayUnderTest({ ports: [server.port], wall, now: () => clock_ms });
  cleanups.push(under.stop, server.stop);
  return under;
}

test("a stream tells our own time from the runtime's, and the pace of its tokens", async () => {
  const { promise: heard, resolve: hear } = Promise.withResolvers<void>();
  const under = gatewayWith(async (answer) => {
    clock_ms += 40;
    answer.startStream();
    answer.chunk(frames.role + frames.word("a"));
    await heard;
    clock_ms += 30;
    answer.chunk(frames.word("b") + frames.stop + frames.usage + frames.done);
    answer.finish();
  });
  const response = await under.post({ ...hello, stream: true });
  let text = "";
  for await (const piece of response.body ?? []) {
    text += Buffer.from(piece).toString();
    if (text.includes('"a"')) hear();
  }
  expect(text).toContain("[DONE]");
  expect(under.measured).toHaveLength(1);
  const [measured] = under.measured;
  expect(measured).toMatchObject({
    model: "demo",
    endpoint: null,
    status: 200,
    prompt_tokens: 9,
    completion_tokens: 2,
  });
  expect(measured).toMatchObject({
    overhead_ms: 0,
    ttft_ms: 40,
    inter_token_ms_mean: 30,
    duration_ms: 70,
  });
});

test("what a client makes up does not become the name of a metric", async () => {
  const under = gatewayWith(() => undefined);
  await under.post({ ...hello, model: "made-up" });
  await fetch(`${under.url}/api/d/endpt-madeup/chat/completions`, {
    method: "POST",
    headers: { authorization: "Bearer hv_first", "content-type": "application/json" },
    body: JSON.stringify(hello),
  });
  const refused = {
    model: "",
    endpoint: null,
    status: 404,
    ttft_ms: null,
    inter_token_ms_mean: null,
  };
  expect(under.measured).toMatchObject([refused, refused]);
});

test("what never reached routing is not measured", async () => {
  const under = gatewayWith(() => undefined);
  await under.post({ ...hello, messages: [] });
  expect(under.measured).toEqual([]);
});

test("a row has the time of the wall clock, also when that is set right during the request", async () => {
  const right = Date.UTC(2026, 10, 15);
  let wall = right + 40 * 86_400_000;
  const under = gatewayWith(
    (answer) => {
      clock_ms += 30;
      wall = right;
      answer.startStream();
      answer.chunk(frames.word("a") + frames.stop + frames.usage + frames.done);
      answer.finish();
    },
    () => wall,
  );
  await (await under.post({ ...hello, stream: true })).text();
  const [row] = await under.rows(1);
  expect(row).toMatchObject({ at: right - 30, duration_ms: 30 });
});
