/** The mock runtime, as a gateway and an agent may treat it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { connect } from "node:net";
import { abilitiesIn, inFlightOf } from "../../agent/runtimes/llama-server.ts";
import { eventually, freePort } from "../../src/scenarios/appliance.testbed.ts";
import { load } from "./load.ts";
import { buildPrograms, compiler, type Programs } from "./programs.ts";

const request = (tag: number, more: object = {}): string => {
  const mark = `[[${String(tag).padStart(12, "0")}:000003:0001000]]`;
  const body = JSON.stringify({ messages: [{ role: "user", content: mark }], ...more });
  return `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
};

describe.skipIf(compiler() === null)("with a C compiler, the mock", () => {
  let programs: Programs;
  let mock: Bun.Subprocess;
  let port: number;

  beforeAll(async () => {
    programs = buildPrograms();
    port = await freePort();
    mock = Bun.spawn([programs.mock, "-m", "any.gguf", "--port", String(port)]);
    await eventually("the mock answers", async () => (await fetch(at("/health"))).ok);
  }, 60_000);

  afterAll(async () => {
    mock?.kill();
    await mock?.exited;
  });

  const at = (path: string): string => `http://127.0.0.1:${port}${path}`;

  /** What comes back for PARTS, written one by one, until ENOUGH of it is there. */
  async function talk(parts: Iterable<string>, enough: (text: string) => boolean): Promise<string> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    let text = "";
    const whole = new Promise<string>((resolve) =>
      socket.on("data", (bytes) => {
        text += bytes;
        if (enough(text)) resolve(text);
      }),
    );
    for (const part of parts) await new Promise<void>((sent) => socket.write(part, () => sent()));
    const said = await whole;
    socket.destroy();
    return said;
  }

  test("passes for llama-server with an agent", () => {
    const { stdout } = Bun.spawnSync([programs.mock, "--help"]);
    expect(abilitiesIn(stdout.toString()).flags).toContain("--model");
    expect(Bun.spawnSync([programs.mock, "--version"]).stdout.toString()).toStartWith("version: ");
  });

  test("takes a request in single bytes", async () => {
    const text = await talk(request(7), (said) => said.endsWith("}}"));
    expect(text).toContain('"content":"000000000007 Hello');
  });

  test("answers pipelined requests in turn, also behind a stream", async () => {
    const three = request(1, { stream: true }) + request(2) + request(3);
    const text = await talk([three], (said) => said.includes("000000000003 Hello"));
    const places = ["000000000001:000002 ", "[DONE]", "000000000002 Hello", "000000000003 Hello"];
    const found = places.map((word) => text.indexOf(word));
    expect(found).toEqual(found.toSorted((a, b) => a - b));
    expect(found).not.toContain(-1);
  });

  test("streams no more pieces than max_tokens, and tells usage only when asked", async () => {
    const done = (said: string) => said.endsWith("0\r\n\r\n");
    const plain = await talk([request(5, { stream: true, max_tokens: 2 })], done);
    expect(plain).toContain(":000001 ");
    expect(plain).not.toContain(":000002 ");
    expect(plain).not.toContain("usage");
    const stream_options = { include_usage: true };
    expect(await talk([request(5, { stream: true, stream_options })], done)).toContain(
      '"completion_tokens":3',
    );
  });

  test("keeps to the interval, and its gauge falls to 0 when clients leave", async () => {
    const mode = {
      mode: "streams",
      streams: 20,
      chunks: 10,
      interval_us: 20_000,
      ramp_ms: 0,
    } as const;
    const result = await load(programs.load, { port, model: "m", key: null }, mode);
    expect(result).toMatchObject({ fault_count: 0, whole_streams: 20 });
    expect(result.seconds).toBeGreaterThanOrEqual(0.22);
    await talk([request(6, { stream: true })], (said) => said.includes(":000000 "));
    await eventually("nothing is in flight", async () => {
      return inFlightOf(await (await fetch(at("/metrics"))).text()) === 0;
    });
  });
});
