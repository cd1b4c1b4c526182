/** A host on another machine: its runtimes listen on a loopback that is not ours, and serve all the same. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import type { AgentProcess } from "./agent-process.ts";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { chat } from "./chat.ts";
import { makeRemoteMachine, type RemoteMachine, whyNoRemoteMachine } from "./remote-machine.ts";

// A busy machine can make a llama-server take seconds for an answer.
setDefaultTimeout(60_000);

const obstacle = whyNoRemoteMachine();
if (obstacle) process.stderr.write(`A host on another machine is not tested: ${obstacle}.\n`);

describe.skipIf(obstacle !== null)("a host on another machine", () => {
  const testbed = new Testbed();
  let machine: RemoteMachine;
  let appliance: ApplianceProcess;
  let agent: AgentProcess;
  let key: string;

  beforeAll(async () => {
    machine = makeRemoteMachine();
    testbed.defer(async () => machine.remove());
    appliance = await ApplianceProcess.create(testbed, machine.here);
    agent = await appliance.addAgent(testbed.folder(), machine.before);
    await appliance.addDemoModel({ context_tokens: 8192 });
    await appliance.ready();
    key = (await appliance.createKey()).key;
  });
  afterAll(() => testbed.end());

  /** Runs a line of JavaScript over there and gives what it printed. */
  function thereSays(code: string): string {
    const [file = "", ...words] = [...machine.before, process.execPath, "-e", code];
    return spawnSync(file, words, { encoding: "utf8" }).stdout.trim();
  }

  test("its runtime cannot be dialled from here", async () => {
    const { port } = await agent.runtime();
    for (const host of ["127.0.0.1", machine.there]) {
      const socket = connect({ host, port });
      await expect(once(socket, "connect")).rejects.toThrow("ECONNREFUSED");
    }
    expect(thereSays(`console.log((await fetch("http://127.0.0.1:${port}/health")).status)`)).toBe(
      "200",
    );
  });

  test("a chat goes through its relay, and the dashboard sees no problem", async () => {
    const response = await chat(appliance.url, key, "What is 2+2?");
    expect(response.status).toBe(200);
    const { choices } = (await response.json()) as { choices: [{ message: { content: string } }] };
    expect(choices[0].message.content).toContain("4");
    expect(await appliance.ready()).toMatchObject({ ready_replicas: 1, problem: null });
    expect(await appliance.hosts()).toMatchObject([{ status: "up", problem: null }]);
  });

  test("a stream comes whole and piece by piece", async () => {
    const long = { stream: true, max_tokens: 300, ignore_eos: true };
    const response = await chat(appliance.url, key, "Count to 100.", long);
    const pieces: string[] = [];
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) pieces.push(decoder.decode(bytes));
    const text = pieces.join("");
    expect(text).toEndWith("data: [DONE]\n\n");
    expect(text).toContain('"finish_reason":"length"');
    expect(pieces.length).toBeGreaterThan(5);
  });

  test("more chats at once than it has slots are all answered", async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => chat(appliance.url, key, "Count.", { max_tokens: 8 })),
    );
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200));
  });

  test("a client that leaves mid-stream stops the generation within a second", async () => {
    const leave = new AbortController();
    const endless = { stream: true, max_tokens: 8000, ignore_eos: true };
    const response = await chat(appliance.url, key, "Count.", endless, leave.signal);
    await response.body?.getReader().read();
    const { port } = await agent.runtime();
    // Asked from over there in one process: starting one takes longer than the runtime may go on.
    const watch = Bun.spawn([...machine.before, process.execPath, "-e", watchCode(port)], {
      stdout: "pipe",
    });
    const said = watch.stdout.getReader();
    const line = async () => new TextDecoder().decode((await said.read()).value).trim();
    expect(await line()).toBe("busy");
    const left = performance.now();
    leave.abort();
    expect(await line()).toBe("idle");
    expect(performance.now() - left).toBeLessThan(1_000);
    await watch.exited;
  });

  test("the agent comes back after kill -9, and its host serves again", async () => {
    const { pid } = await agent.runtime();
    await agent.kill();
    agent.start();
    await eventually("a chat is answered", async () => {
      return (await chat(appliance.url, key, "Hello")).status === 200;
    });
    expect((await agent.runtime()).pid).toBe(pid);
  });
});

/** Prints "busy" when the runtime works on a request, then "idle" when on none. */
function watchCode(port: number): string {
  return `
    const processing = async () => {
      const text = await (await fetch("http://127.0.0.1:${port}/metrics")).text();
      return Number(/^llamacpp:requests_processing (\\d+)/m.exec(text)?.[1]);
    };
    while (await processing() === 0) await Bun.sleep(10);
    console.log("busy");
    while (await processing() > 0) await Bun.sleep(10);
    console.log("idle");`;
}
