/** No prompt goes to an address that has not proved to be the replica: not by a forwarder, not after a death. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { chat, model } from "./chat.ts";
import { makeRemoteMachine, whyNoRemoteMachine } from "./remote-machine.ts";

setDefaultTimeout(60_000);

const obstacle = whyNoRemoteMachine();
if (obstacle) process.stderr.write(`A forwarded agent port is not tested: ${obstacle}.\n`);

let testbed: Testbed;
let appliance: ApplianceProcess;
let key: string;
beforeEach(async () => {
  testbed = new Testbed();
  appliance = await ApplianceProcess.create(testbed);
  key = (await appliance.createKey()).key;
});
afterEach(() => testbed.end(), 30_000);

/** Another program of the appliance's machine that happens to have this port, and would answer. */
function foreignProgram(port: number): { heard(): string } {
  let heard = "";
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port,
    async fetch(request) {
      heard += await request.text();
      const message = { role: "assistant", content: "I am another program." };
      return Response.json({ choices: [{ index: 0, message, finish_reason: "stop" }] });
    },
  });
  testbed.defer(async () => server.stop(true));
  return { heard: () => heard };
}

/** As nginx's stream module, haproxy, ssh -R or a published port of a container: all come from our own address. */
async function forwarder(hostname: string, target: number): Promise<number> {
  const server = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.pipe(to);
      from.on("error", () => to.destroy());
    }
  });
  server.listen(0, hostname);
  await once(server, "listening");
  testbed.defer(async () => void server.close());
  return (server.address() as AddressInfo).port;
}

const served = async (): Promise<boolean> =>
  (await chat(appliance.url, key, "Hello", { max_tokens: 4 })).status === 200;

describe.skipIf(obstacle !== null)("a host of another network", () => {
  test("that comes by a forwarder on our machine is served by tunnel, and never taken for us", async () => {
    const machine = makeRemoteMachine();
    testbed.defer(async () => machine.remove());
    const port = await forwarder(machine.here, appliance.agent_port);
    const agent = await appliance.addAgent(testbed.folder(), machine.before, [
      ...["--server", `${machine.here}:${port}`],
    ]);
    await appliance.addDemoModel();
    await appliance.ready();
    const foreign = foreignProgram((await agent.runtime()).port);
    await eventually("a chat is answered", served);
    const text = await (await chat(appliance.url, key, "SECRET PROMPT", { max_tokens: 4 })).text();
    expect(text).not.toContain("another program");
    expect(foreign.heard()).toBe("");
    expect(await appliance.hosts()).toMatchObject([{ via: "tunnel", problem: null }]);
  });
});

describe("a host on our own machine", () => {
  test("is reached directly, and a program that takes a dead runtime's port reads nothing", async () => {
    const agent = await appliance.addAgent();
    await appliance.addDemoModel();
    await appliance.ready();
    expect(await served()).toBe(true);
    expect(await appliance.hosts()).toMatchObject([{ via: "loopback", problem: null }]);
    const { pid, port } = await agent.runtime();
    // Its agent tells nobody for now.
    process.kill(agent.pid, "SIGSTOP");
    testbed.defer(async () => void process.kill(agent.pid, "SIGCONT"));
    process.kill(pid, "SIGKILL");
    const foreign = await foreignProgramSoon(port);
    for (let i = 0; i < 5; i += 1) {
      const response = await chat(appliance.url, key, "SECRET PROMPT", { max_tokens: 4 });
      expect(response.ok).toBe(false);
      expect(await response.text()).not.toContain("another program");
    }
    process.kill(agent.pid, "SIGCONT");
    await eventually("it is served again", served);
    expect(foreign.heard()).toBe("");
    const { data } = await appliance.api<{ data: { id: string }[] }>("/api/models");
    expect(data.map(({ id }) => id)).toEqual([model]);
  });

  test("that is only reached by its agent's relay is protected in the same way", async () => {
    const agent = await appliance.addAgent(testbed.folder(), [], ["--tunnel"]);
    await appliance.addDemoModel();
    await appliance.ready();
    await eventually("a chat is answered", served);
    const { pid, port } = await agent.runtime();
    process.kill(pid, "SIGKILL");
    const foreign = foreignProgramSoon(port);
    await eventually("it is served again", served);
    expect((await foreign).heard()).toBe("");
  });
});

/** As soon as the port is free. */
const foreignProgramSoon = (port: number) =>
  eventually("the port is free", async () => foreignProgram(port));
