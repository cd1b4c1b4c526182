/** What metrics are told of finished requests. */
import { afterEach, expect, test } from "bun:test";
import { frames, type GatewayUnderTest, gatewayUnderTest, hello } from "../gateway.testbed.ts";
import { type Answering, scriptedServer } from "../upstream/scripted-server.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function gatewayWith(
  script: (answer: Answering) => unknown,
  wall: () => number = Date.now,
): GatewayUnderTest {
  const server = scriptedServer((_, answer) => script(answer));
  const under = gatewayUnderTest({ ports: [server.port], wall });
  cleanups.push(under.stop, server.stop);
  return under;
}

/** The clock cannot be injected into a socket, so the runtime takes real time, though little. */
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("a stream tells our own time from the runtime's, and the pace of its tokens", async () => {
  const under = gatewayWith(async (answer) => {
    await pause(40);
    answer.startStream();
    answer.chunk(frames.role + frames.word("a"));
    await pause(30);
    answer.chunk(frames.word("b") + frames.stop + frames.usage + frames.done);
    answer.finish();
  });
  await (await under.post({ ...hello, stream: true })).text();
  expect(under.measured).toHaveLength(1);
  const [measured] = under.measured;
  expect(measured).toMatchObject({
    model: "demo",
    endpoint: null,
    status: 200,
    prompt_tokens: 9,
    completion_tokens: 2,
  });
  expect(measured?.overhead_ms).toBeLessThan(40);
  expect(measured?.ttft_ms).toBeGreaterThanOrEqual(39);
  expect(measured?.inter_token_ms_mean).toBeGreaterThanOrEqual(29);
  expect(measured?.duration_ms).toBeGreaterThanOrEqual(69);
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
    async (answer) => {
      await pause(30);
      wall = right;
      answer.startStream();
      answer.chunk(frames.word("a") + frames.stop + frames.usage + frames.done);
      answer.finish();
    },
    () => wall,
  );
  await (await under.post({ ...hello, stream: true })).text();
  const [row] = await under.rows(1);
  expect(row?.at).toBe(Math.floor(right - (row?.duration_ms ?? 0)));
});
