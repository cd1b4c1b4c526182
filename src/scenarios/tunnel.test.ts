/** A host that nobody can dial: its agent opens the connections, and it serves like any other. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import type { AgentProcess } from "./agent-process.ts";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { chat } from "./chat.ts";
import { makeRemoteMachine, type RemoteMachine, whyNoRemoteMachine } from "./remote-machine.ts";

// A busy machine can make a llama-server take seconds for an answer.
setDefaultTimeout(60_000);

const obstacle = whyNoRemoteMachine();
if (obstacle) process.stderr.write(`Tunnels from another machine are not tested: ${obstacle}.\n`);

const endless = { stream: true, max_tokens: 8000, ignore_eos: true };

describe.skipIf(obstacle !== null)("a host with --tunnel", () => {
  const testbed = new Testbed();
  let machine: RemoteMachine;
  let appliance: ApplianceProcess;
  let agent: AgentProcess;
  let key: string;

  beforeAll(async () => {
    machine = makeRemoteMachine();
    testbed.defer(async () => machine.remove());
    appliance = await ApplianceProcess.create(testbed, machine.here);
    agent = await appliance.addAgent(testbed.folder(), machine.before, ["--tunnel"]);
    await appliance.addDemoModel({ context_tokens: 8192 });
    await appliance.ready();
    key = (await appliance.createKey()).key;
  });
  afterAll(() => testbed.end(), 30_000);

  const served = () =>
    eventually("a chat is answered", async () => {
      return (await chat(appliance.url, key, "Hello", { max_tokens: 4 })).status === 200;
    });

  test("listens nowhere but on its loopback, and has connections to one port only", () => {
    const [file = "", ...before] = machine.before;
    const ss = (...words: string[]) =>
      spawnSync(file, [...before, "ss", "-Htn", ...words], { encoding: "utf8" })
        .stdout.trim()
        .split("\n")
        .map((line) => line.trim().split(/\s+/));
    const open = ss("-l").map(([, , , local]) => local ?? "");
    expect(open.length).toBeGreaterThan(0);
    expect(open.filter((address) => !address.startsWith("127.0.0.1:"))).toEqual([]);
    const peers = ss("state", "established").map((words) => words.at(-1) ?? "");
    const out = peers.filter((peer) => !peer.startsWith("127."));
    expect(new Set(out)).toEqual(new Set([`${machine.here}:${appliance.agent_port}`]));
  });

  test("answers chats and streams, more at once than tunnels are in store, and is no problem", async () => {
    const answers = await Promise.all(
      Array.from({ length: 24 }, () => chat(appliance.url, key, "Count.", { max_tokens: 8 })),
    );
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200));
    const long = { stream: true, max_tokens: 300, ignore_eos: true };
    const text = await (await chat(appliance.url, key, "Count to 100.", long)).text();
    expect(text).toEndWith("data: [DONE]\n\n");
    expect(text).toContain('"finish_reason":"length"');
    expect(await appliance.hosts()).toMatchObject([{ status: "up", problem: null, via: "tunnel" }]);
  });

  test("an agent that is killed ends its streams with an error, and comes back to its runtime", async () => {
    const { pid } = await agent.runtime();
    const response = await chat(appliance.url, key, "Count.", endless);
    const text = response.text();
    await agent.kill();
    expect(await text).toMatch(/"error":\{[^\n]*\n\ndata: \[DONE\]\n\n$/);
    agent.start();
    await served();
    expect((await agent.runtime()).pid).toBe(pid);
  });

  test("an appliance that is killed finds the tunnels again", async () => {
    const { pid } = await agent.runtime();
    await appliance.kill("SIGKILL");
    await appliance.start();
    await appliance.ready();
    await served();
    expect((await agent.runtime()).pid).toBe(pid);
  });

  test("a host that is removed is cut within a second, in the middle of a stream, and stays out", async () => {
    const response = await chat(appliance.url, key, "Count.", endless);
    const text = response.text();
    const [host] = await appliance.hosts();
    const began = performance.now();
    await appliance.api(`/api/hosts/${host?.id}`, undefined, "DELETE");
    expect(await text).toMatch(/"error":\{[^\n]*\n\ndata: \[DONE\]\n\n$/);
    expect(performance.now() - began).toBeLessThan(1000);
    const [file = "", ...before] = machine.before;
    await eventually("no connection is left", async () => {
      const words = [
        ...before,
        "ss",
        "-Htn",
        "state",
        "established",
        "dport",
        "=",
        `:${appliance.agent_port}`,
      ];
      return spawnSync(file, words, { encoding: "utf8" }).stdout.trim() === "";
    });
    expect(await appliance.hosts()).toEqual([]);
    expect((await chat(appliance.url, key, "Hello")).status).toBe(503);
  });
});

describe.skipIf(obstacle !== null)("a host whose relay a firewall hides", () => {
  const testbed = new Testbed();
  let machine: RemoteMachine;
  let appliance: ApplianceProcess;
  let key: string;

  beforeAll(async () => {
    machine = makeRemoteMachine();
    testbed.defer(async () => machine.remove());
    machine.block(8444);
    appliance = await ApplianceProcess.create(testbed, machine.here);
    await appliance.addAgent(testbed.folder(), machine.before);
    await appliance.addDemoModel();
    await appliance.ready();
    key = (await appliance.createKey()).key;
  });
  afterAll(() => testbed.end(), 30_000);

  test("serves by tunnels that it opens unasked by people, and by its relay once that is open", async () => {
    const via = async () => (await appliance.hosts())[0]?.via;
    await eventually("it is reached by tunnel", async () => (await via()) === "tunnel");
    expect((await chat(appliance.url, key, "Hello")).status).toBe(200);
    expect(await appliance.hosts()).toMatchObject([{ problem: null }]);
    expect(await appliance.ready()).toMatchObject({ problem: null });
    machine.unblock(8444);
    const [host] = await appliance.hosts();
    await appliance.api(`/api/hosts/${host?.id}/uncordon`, {});
    await eventually("it is reached by its relay", async () => (await via()) === "relay");
    expect((await chat(appliance.url, key, "Hello")).status).toBe(200);
  });
});
