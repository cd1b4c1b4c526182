/** Engines in containers of the real Podman and the real Docker, where they work; the engine itself is the stand-in. */
import {
  afterAll,
  afterEach,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentHome, agentHome, demoReplica, replicaIs } from "../agent.testbed.ts";
import { isAlive } from "../contract/process-identity.ts";
import type { DesiredReplica } from "../contract/protocol/messages.ts";
import { DockerTestbed } from "./docker.testbed.ts";
import { PodmanTestbed } from "./podman.testbed.ts";

setDefaultTimeout(60_000);

const opened = { Podman: PodmanTestbed.open(), Docker: DockerTestbed.open() };
const working = Object.entries(opened).flatMap(([name, real]) => {
  if (typeof real !== "string") return [{ name, real }];
  test.skip(`engines in containers of ${name}: ${real}`, () => undefined);
  return [];
});
afterAll(() => {
  for (const { real } of working) real.end();
}, 60_000);

describe.each(working)("an engine in a container of $name", ({ name, real }) => {
  const engines = { vllmImage: real.image, containerProgram: real.program };
  let agent: AgentHome;
  let generation: number;
  beforeEach(async () => {
    agent = await agentHome();
    generation = 0;
  });
  afterEach(async () => {
    await agent.close();
    rmSync(join(real.model, "fails"), { force: true });
  });

  const fails = (how: string) => writeFileSync(join(real.model, "fails"), how);
  const open = () => agent.open({ ...engines, env: real.env });
  const want = (changes: Partial<DesiredReplica> = {}) => {
    const source = `file://${real.model}`;
    const replica = demoReplica({ runtime: "vllm", source, devices: ["cpu"], ...changes });
    agent.testbed.desire({ generation: ++generation, replicas: [replica] });
  };
  const until = async (...state: Parameters<typeof replicaIs>) => {
    const [seen] = (await agent.testbed.until(replicaIs(...state))).replicas;
    if (!seen) throw new Error("no replica");
    return seen;
  };
  const gone = async () => {
    agent.testbed.desire({ generation: ++generation, replicas: [] });
    await agent.testbed.until(({ replicas }) => replicas.length === 0);
  };
  /** Its service may take its own time to remove what somebody else has ended. */
  const removed = () => agent.testbed.when(() => real.containers().length === 0);

  test("answers, ends when it is told to, and leaves nothing", async () => {
    open();
    want();
    const { port } = await until("ready");
    const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ messages: [{ role: "user", content: "Hi" }] }),
    });
    expect(await answer.json()).toMatchObject({ usage: { prompt_tokens: 5 } });
    const { inside } = real.processes();
    await gone();
    expect(isAlive(inside)).toBe(false);
    expect(real.containers()).toEqual([]);
  });

  test("goes on under the next agent", async () => {
    const first = agent.spawn(real.env, engines);
    want();
    const { pid } = await until("ready");
    const before = real.processes();
    first.kill("SIGKILL");
    await first.exited;
    agent.testbed.observed.length = 0;
    open();
    expect(await until("ready")).toMatchObject({ pid, restarts: 0 });
    expect(real.processes()).toEqual(before);
    await gone();
    expect(Object.values(before).filter(isAlive)).toEqual([]);
    expect(real.containers()).toEqual([]);
  });

  test("whose client was killed while there was no agent is replaced by the next", async () => {
    const first = agent.spawn(real.env, engines);
    want();
    const { pid } = await until("ready");
    const { inside } = real.processes();
    first.kill("SIGKILL");
    await first.exited;
    process.kill(pid, "SIGKILL");
    agent.testbed.observed.length = 0;
    open();
    await until("ready", (replica) => replica.pid !== pid);
    expect(isAlive(inside)).toBe(false);
    await agent.testbed.when(() => real.containers().length === 1);
    await gone();
    await removed();
  });

  // Docker's monitor is root's.
  const canEndMonitor = name !== "Docker" || process.getuid?.() === 0;
  test.each(canEndMonitor ? ["client", "monitor and client"] : ["client"])(
    "is replaced when its %s was killed",
    async (whom) => {
      open();
      want();
      const { pid } = await until("ready");
      const { inside, monitor } = real.processes();
      if (whom !== "client") process.kill(monitor.pid, "SIGKILL");
      process.kill(pid, "SIGKILL");
      // What a killed monitor left may take Podman two tries.
      await until("ready", ({ restarts }) => restarts > 0);
      expect(isAlive(inside)).toBe(false);
      expect(real.containers()).toHaveLength(1);
      await gone();
      await removed();
    },
  );

  test("that the kernel kills is distinguished from one that ended on its own", async () => {
    open();
    want();
    await until("ready");
    process.kill(real.processes().inside.pid, "SIGKILL");
    expect((await until("crashed")).detail).toContain("was ended by SIGKILL while it was serving");
    await until("ready", ({ restarts }) => restarts === 1);
  });

  // Docker keeps its books itself, and removes what has ended when it starts again.
  if (name === "Podman") {
    test("takes the place of what an older epoch left behind", async () => {
      real.run(
        ...["run", "--detach", "--name", "hypervize-rep_demo", "--network=host", "--ipc=host"],
        ...["--stop-timeout", "0"],
        ...[real.image, "sleep", "300"],
      );
      const stale = real.processes().inside;
      open();
      want({ epoch: 2 });
      await until("ready");
      expect(isAlive(stale)).toBe(false);
      expect(real.containers()).toHaveLength(1);
    });
  }

  test("that dies says why", async () => {
    open();
    fails("context");
    want();
    expect((await until("failed")).detail).toContain("It fits with at most 14000 tokens");
    expect(real.containers()).toEqual([]);
  });

  test("without GPUs that it knows says what to install", async () => {
    open();
    want({ devices: ["GPU-00000000-0000-0000-0000-000000000000"] });
    expect(await until("failed")).toMatchObject({
      cause: "config",
      detail: expect.stringContaining("NVIDIA Container Toolkit"),
    });
  });

  test("that loads still, and as the first process of its container hears no TERM, is ended", async () => {
    open();
    fails("hang");
    want();
    await agent.testbed.when(() => real.containers().length === 1);
    const { inside } = real.processes();
    await gone();
    expect(isAlive(inside)).toBe(false);
    await removed();
  });
});
