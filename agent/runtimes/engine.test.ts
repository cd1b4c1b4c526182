import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentHome, agentHome, demoReplica, replicaIs, runtimesOf } from "../agent.testbed.ts";
import { isAlive, livingGroup } from "../contract/process-identity.ts";
import type { DesiredReplica } from "../contract/protocol/messages.ts";
import { EngineEnvironment } from "./fakes/environment.testbed.ts";

let environment: EngineEnvironment;
beforeAll(() => {
  environment = new EngineEnvironment({ vllm: "0.30.0", sglang: "0.5.5" });
});
afterAll(() => environment.end());

/** An agent with the stand-ins in their environment, which have BEHAVIOUR, and one replica of RUNTIME on it. */
async function running(
  runtime: string,
  behaviour: Record<string, string>,
  changes: Partial<DesiredReplica> = {},
) {
  environment.behaves(behaviour);
  const agent = await agentHome();
  const { vllm, sglang } = environment;
  const end = agent.open({ vllm, sglang });
  const replica = demoReplica({
    runtime,
    source: `file://${environment.model}`,
    model: "endpt-one",
    ...changes,
  });
  agent.testbed.desire({ generation: 1, replicas: [replica] });
  const until = (state: Parameters<typeof replicaIs>[0]) => agent.testbed.until(replicaIs(state));
  return { agent, end, until, replica };
}

const logOf = ({ home }: AgentHome) =>
  readFileSync(join(home, "agent", "logs", "rep_demo.log"), "utf8");

describe.each(["vllm", "sglang"])("%s", (runtime) => {
  test("loads a folder, makes its token, and leaves nothing behind", async () => {
    const { agent, until } = await running(runtime, {});
    try {
      const [ready] = (await until("ready")).replicas;
      const canary = "the-canary-sings";
      const answer = await fetch(`http://127.0.0.1:${ready?.port}/v1/chat/completions`, {
        method: "POST",
        body: JSON.stringify({ model: "endpt-one", messages: [{ role: "user", content: canary }] }),
      });
      expect(await answer.json()).toMatchObject({ usage: { completion_tokens: 6 } });
      expect(logOf(agent)).not.toContain(canary);
      const [process] = await runtimesOf(agent.home);
      agent.testbed.desire({ generation: 2, replicas: [] });
      await agent.testbed.until(({ replicas }) => replicas.length === 0);
      expect(process && isAlive(process)).toBe(false);
    } finally {
      await agent.close();
    }
  });

  test.each([
    ["oom", "crashed", "out_of_memory", "not enough GPU memory"],
    ["context", "failed", "out_of_memory", /at most 14000 tokens|leave no memory/],
    ["driver", "crashed", "driver", "hypervize doctor"],
    ["tokenless", "failed", "config", "with HTTP 400: default chat template is no longer allowed"],
    ["dead", "crashed", "runtime_crash", "healthy but answered a one-token request with HTTP 500"],
  ] as const)("that fails by %s is %s: %s", async (failure, state, cause, detail) => {
    const { agent, until } = await running(runtime, { FAKE_FAILS: failure });
    try {
      const [replica] = (await until(state)).replicas;
      // Each restart is a load of the weights: what is final happens once.
      expect(replica).toMatchObject({ cause, restarts: 0 });
      expect(replica?.detail).toMatch(detail);
    } finally {
      await agent.close();
    }
  });

  test("is ended with its children, even when it is deaf to TERM", async () => {
    const { agent, end, until } = await running(runtime, { FAKE_FAILS: "child" });
    try {
      await until("ready");
      const [process] = await runtimesOf(agent.home);
      if (!process) throw new Error("no runtime");
      expect(livingGroup(process).length).toBeGreaterThan(1);
      await end();
      expect(livingGroup(process)).toEqual([]);
    } finally {
      await agent.close();
    }
  });

  test("does not take an argument that only looks harmless", async () => {
    const { agent, until } = await running(runtime, {}, { args: ["--trust-remote"] });
    try {
      const [replica] = (await until("failed")).replicas;
      expect(replica).toMatchObject({ cause: "config", pid: 0 });
      expect(replica?.detail).toContain("The argument --trust-remote may not be set");
    } finally {
      await agent.close();
    }
  });
});

test("a port that was taken in the meantime costs another port, not the replica", async () => {
  const { agent, until } = await running("vllm", { FAKE_FAILS: "port" });
  try {
    const [replica] = (await until("crashed")).replicas;
    expect(replica?.detail).toContain("Other programs took its port 3 times");
  } finally {
    await agent.close();
  }
});

test("the host says which engines it has, by their environments", async () => {
  const { agent } = await running("vllm", {});
  try {
    await agent.testbed.when(() => agent.testbed.hellos.length > 0);
    expect(agent.testbed.hellos[0]?.inventory.runtimes).toMatchObject([
      { name: "llama-server" },
      { name: "vllm", version: "0.30.0", path: environment.vllm },
      { name: "sglang", version: "0.5.5", path: environment.sglang },
    ]);
  } finally {
    await agent.close();
  }
});
