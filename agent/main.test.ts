import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { type AgentHome, agentHome, demoReplica, replicaIs } from "./agent.testbed.ts";
import { control_plane_name, type ObservedReplica } from "./contract/protocol/messages.ts";
import { relayName } from "./contract/protocol/relay-name.ts";
import demo from "./weights/demo/hypervize-demo.gguf" with { type: "file" };

// Two busy cores can make a llama-server take seconds to start.
setDefaultTimeout(30_000);

let home: AgentHome;
beforeEach(async () => {
  home = await agentHome();
});
afterEach(() => home.close());

async function until(
  state: ObservedReplica["state"],
  also?: (replica: ObservedReplica) => boolean,
): Promise<ObservedReplica> {
  const { replicas } = await home.testbed.until(replicaIs(state, also));
  const [replica] = replicas;
  if (replica === undefined) throw new Error("no replica was observed");
  return replica;
}

function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z");
  } catch {
    return false;
  }
}

async function ask({ port }: ObservedReplica, body: string): Promise<Response> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: "POST",
    body,
  });
  return new Response(await response.text(), response);
}

test("a desired replica becomes ready, answers, and goes when it is not desired", async () => {
  const { testbed } = home;
  home.open();
  testbed.desire({ generation: 1, replicas: [demoReplica()] });
  const ready = await until("ready");
  expect(ready).toMatchObject({ host: "127.0.0.1", epoch: 1, restarts: 0, cause: "" });
  expect(ready.ready_after_ms).toBeGreaterThan(0);
  const messages = [{ role: "user", content: "Hello" }];
  const response = await ask(ready, JSON.stringify({ messages, max_tokens: 4 }));
  expect(await response.json()).toMatchObject({
    model: "hypervize-demo",
    usage: { completion_tokens: 4 },
  });
  testbed.desire({ generation: 2, replicas: [] });
  await testbed.until(({ generation, replicas }) => generation === 2 && replicas.length === 0);
  expect(isRunning(ready.pid)).toBe(false);
  const states = testbed.observed.flatMap(({ replicas }) => replicas.map(({ state }) => state));
  expect([...new Set(states)]).toEqual(["starting", "ready", "stopping"]);
});

test("the relay leads to a replica while it is ready, and to nothing else", async () => {
  const { testbed } = home;
  home.open();
  testbed.desire({ generation: 1, replicas: [demoReplica()] });
  await until("ready");
  const identity = await testbed.authority.issue(control_plane_name);
  const health = (replica: string): Promise<string> => {
    const socket = connect({
      port: testbed.hellos[0]?.relay_port ?? 0,
      servername: relayName(replica),
      ca: identity.ca_pem,
      cert: identity.certificate_pem,
      key: identity.key_pem,
      checkServerIdentity: () => undefined,
    });
    let answer = "";
    socket.on("data", (bytes) => {
      answer += bytes;
    });
    // Who may not pass is reset.
    socket.on("error", () => undefined);
    socket.write("GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    return new Promise((resolve) => socket.once("close", () => resolve(answer)));
  };
  expect(await health("rep_demo")).toStartWith("HTTP/1.1 200 OK");
  expect(await health("rep_other")).toBe("");
  testbed.desire({ generation: 2, replicas: [] });
  await testbed.until(({ generation, replicas }) => generation === 2 && replicas.length === 0);
  expect(await health("rep_demo")).toBe("");
});

test("a runtime that is killed is reported and started again", async () => {
  home.open();
  home.testbed.desire({ generation: 1, replicas: [demoReplica()] });
  const first = await until("ready");
  process.kill(first.pid, "SIGKILL");
  const crashed = await until("crashed");
  expect(crashed).toMatchObject({ cause: "runtime_crash", pid: 0, port: 0 });
  expect(crashed.detail).toBe("llama-server was ended by SIGKILL while it was serving.");
  const second = await until("ready");
  expect(second).toMatchObject({ restarts: 1, cause: "", detail: "" });
  expect(second.pid).not.toBe(first.pid);
});

test("a truncated model is refused without a process, until a new epoch has a whole one", async () => {
  const model = join(home.home, "model.gguf");
  writeFileSync(model, readFileSync(demo));
  truncateSync(model, 100_000);
  home.open();
  const source = `file://${model}`;
  home.testbed.desire({ generation: 1, replicas: [demoReplica({ source })] });
  const failed = await until("failed");
  expect(failed).toMatchObject({ cause: "config", pid: 0, started_at_ms: 0 });
  expect(failed.detail).toContain("is damaged or incomplete");
  writeFileSync(model, readFileSync(demo));
  home.testbed.desire({ generation: 2, replicas: [demoReplica({ source, epoch: 2 })] });
  expect(await until("ready")).toMatchObject({ epoch: 2, restarts: 0 });
});

test("a model whose inside is damaged fails with the runtime's last words, and is not retried", async () => {
  const model = join(home.home, "model.gguf");
  const bytes = readFileSync(demo);
  // The name of a tensor that llama-server needs; the header's arithmetic stays right.
  bytes.write("x", bytes.indexOf("token_embd.weight"));
  writeFileSync(model, bytes);
  home.open();
  home.testbed.desire({ generation: 1, replicas: [demoReplica({ source: `file://${model}` })] });
  const failed = await until("failed");
  expect(failed).toMatchObject({ cause: "config", restarts: 0 });
  expect(failed.detail).toContain("The model file is damaged or incomplete.");
  expect(failed.log_tail.join("\n")).toContain("token_embd.weight");
});

test.each([
  [demoReplica({ args: ["--repeat-last-n", "-1"] }), "config", "--repeat-last-n"],
  [demoReplica({ args: ["--log_file", "x"] }), "config", "The argument --log_file may not be set"],
  [demoReplica({ env: { CC: "x" } }), "config", "The variable CC may not be set"],
  [demoReplica({ runtime: "vllm" }), "config", "no folder with config.json and safetensors"],
  [demoReplica({ source: "file:///no/model.gguf" }), "not_found", "does not exist on this host"],
])("%j fails with a sentence", async (replica, cause, sentence) => {
  home.open();
  home.testbed.desire({ generation: 1, replicas: [replica] });
  const failed = await until("failed");
  expect(failed.cause).toBe(cause as ObservedReplica["cause"]);
  expect(failed.detail).toContain(sentence);
});

test("what people ask a runtime does not reach its log, even when it complains", async () => {
  home.open();
  home.testbed.desire({ generation: 1, replicas: [demoReplica()] });
  const ready = await until("ready");
  const secret = "quoxomb";
  const messages = [{ role: "user", content: `Say ${secret}.` }];
  for (const body of [
    { messages, max_tokens: 2 },
    { messages, tools: [{ type: secret }] },
    { messages: [{ role: "user", content: { text: secret } }] },
    { messages: [{ role: "user", content: secret.repeat(2000) }] },
    { messages, stop: { text: secret } },
  ]) {
    await ask(ready, JSON.stringify(body));
  }
  await ask(ready, `{"messages":[{"role":"user","content":"${secret} \\ud800"}]}`);
  home.testbed.desire({ generation: 2, replicas: [] });
  await home.testbed.until(({ replicas }) => replicas.length === 0);
  const logs = join(home.home, "agent", "logs");
  const text = readdirSync(logs).map((name) => readFileSync(join(logs, name), "utf8"));
  expect(text).toHaveLength(1);
  expect(text.join()).not.toContain(secret);
});

test("a new epoch replaces the running process, the old one first", async () => {
  home.open();
  home.testbed.desire({ generation: 1, replicas: [demoReplica()] });
  const old = await until("ready");
  home.testbed.desire({ generation: 2, replicas: [demoReplica({ epoch: 2, slots: 1 })] });
  const next = await until("starting", ({ epoch }) => epoch === 2);
  expect(next.restarts).toBe(0);
  expect(isRunning(old.pid)).toBe(false);
  expect((await until("ready")).epoch).toBe(2);
  home.testbed.desire({ generation: 3, replicas: [demoReplica({ epoch: 1 })] });
  const { replicas } = await home.testbed.until(({ generation }) => generation === 3);
  expect(replicas).toMatchObject([{ epoch: 2, state: "ready" }]);
});

test("when the control plane is away runtimes go on and crashed ones come back", async () => {
  home.open();
  home.testbed.desire({ generation: 1, replicas: [demoReplica()] });
  const first = await until("ready");
  home.testbed.close();
  process.kill(first.pid, "SIGKILL");
  await home.testbed.listen();
  expect(await until("ready", ({ pid }) => pid !== first.pid)).toMatchObject({ restarts: 1 });
});

test("an agent that stops for good leaves no runtime, and one that restarts leaves it alone", async () => {
  const leave = home.open({ stopRuntimesOnExit: false });
  home.testbed.desire({ generation: 1, replicas: [demoReplica()] });
  const { pid } = await until("ready");
  await leave();
  expect(isRunning(pid)).toBe(true);
  home.testbed.observed.length = 0;
  const stop = home.open();
  expect(await until("ready")).toMatchObject({ pid, restarts: 0 });
  await stop();
  expect(isRunning(pid)).toBe(false);
});
