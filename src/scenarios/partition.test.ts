/** The cable to a host is cut, without a word to either side, and mended again. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { AgentProcess } from "./agent-process.ts";
import { alive, eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { chat } from "./chat.ts";
import { EndpointClient } from "./endpoint-client.ts";
import { makeRemoteMachine, type RemoteMachine, whyNoRemoteMachine } from "./remote-machine.ts";

setDefaultTimeout(120_000);

const obstacle = whyNoRemoteMachine();
if (obstacle) process.stderr.write(`A cable that is cut is not tested: ${obstacle}.\n`);

/** TCP asks a silent connection after 20 s, ten times a second apart; and this machine may be busy. */
const noticed_ms = 45_000;

describe.skipIf(obstacle !== null).each([
  ["by tunnel", ["--tunnel"]],
  ["by its relay", []],
])("a host that is reached %s", (_, more) => {
  const testbed = new Testbed();
  let machine: RemoteMachine;
  let appliance: ApplianceProcess;
  let agent: AgentProcess;
  let endpoint: EndpointClient;
  let key: string;

  beforeAll(async () => {
    machine = makeRemoteMachine();
    testbed.defer(async () => machine.remove());
    appliance = await ApplianceProcess.create(testbed, machine.here);
    agent = await appliance.addAgent(testbed.folder(), machine.before, more);
    endpoint = await EndpointClient.provision(appliance, { min_replicas: 1 });
    await endpoint.is("up");
    // The same model as a shared model, which a second host serves too.
    await appliance.addAgent();
    await appliance.addDemoModel({ context_tokens: 8192 });
    await appliance.ready(2);
    key = (await appliance.createKey()).key;
  });
  afterAll(() => testbed.end(), 30_000);

  test("is missed, what it streamed ends with an error, the rest goes on, and nothing starts twice", async () => {
    const { pid } = await agent.runtime();
    const { replicas: before } = await endpoint.view();
    const long = { stream: true, max_tokens: 1000, ignore_eos: true };
    // Of six streams some are on either host.
    const streams = await Promise.all(
      Array.from({ length: 6 }, () => chat(appliance.url, key, "Count.", long)),
    );
    const ends = streams.map(async (response) => {
      const text = await response.text();
      return { text, at: performance.now() };
    });
    const cut_at = performance.now();
    machine.cut();
    try {
      await eventually("its host is missed", async () =>
        (await appliance.hosts()).some(({ status }) => status === "down"),
      );
      const all = await Promise.all(ends);
      expect(all.every(({ text }) => text.endsWith("data: [DONE]\n\n"))).toBe(true);
      const broken = all.filter(({ text }) => text.includes('"error"'));
      expect(broken.length).toBeGreaterThan(0);
      expect(Math.max(...broken.map(({ at }) => at)) - cut_at).toBeLessThan(noticed_ms);
      expect((await chat(appliance.url, key, "Hello", { max_tokens: 4 })).status).toBe(200);
    } finally {
      machine.heal();
    }
    await eventually("all hosts are up", async () =>
      (await appliance.hosts()).every(({ status }) => status === "up"),
    );
    await eventually("its endpoint answers again", async () => {
      return (await endpoint.chat("Hello")).status === 200;
    });
    const { replicas: after } = await endpoint.view();
    expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    expect(await alive(pid)).toBe(true);
  });
});
