/** An agent that cannot be heard: what it runs goes on, and nothing is started a second time. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { AgentProcess } from "./agent-process.ts";
import { alive, eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { EndpointClient } from "./endpoint-client.ts";

const testbed = new Testbed();
let appliance: ApplianceProcess;
let agents: AgentProcess[];

/** The 60 s take HYPERVIZE_CUT_S=60; a host counts as down after 16 s of silence. */
const cut_s = Number(process.env["HYPERVIZE_CUT_S"] ?? 17);

beforeAll(async () => {
  appliance = await ApplianceProcess.create(testbed);
  agents = [await appliance.addAgent(), await appliance.addAgent()];
  await eventually("two hosts are up", async () => {
    const hosts = await appliance.hosts();
    return hosts.length === 2 && hosts.every(({ status }) => status === "up");
  });
}, 60_000);
afterAll(() => testbed.end(), 30_000);

test(
  `silent for ${cut_s} s, its replica is neither moved nor started again`,
  async () => {
    const endpoint = await EndpointClient.provision(appliance, { min_replicas: 1 });
    const { replicas: before } = await endpoint.is("up");
    const holder = await holderOf(agents);
    const { pid } = await holder.runtime();
    process.kill(holder.pid, "SIGSTOP");
    try {
      await eventually("its host is missed", async () =>
        (await appliance.hosts()).some(({ status }) => status === "down"),
      );
      await Bun.sleep(Math.max(0, cut_s - 17) * 1000);
      expect((await endpoint.view()).status).toBe("up");
      // The runtime itself is not cut off from the gateway of the same machine.
      expect((await endpoint.chat("Hello")).status).toBe(200);
    } finally {
      process.kill(holder.pid, "SIGCONT");
    }
    await eventually("both hosts are up", async () =>
      (await appliance.hosts()).every(({ status }) => status === "up"),
    );
    const { replicas: after } = await endpoint.view();
    expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    expect(await alive(pid)).toBe(true);
    expect((await holder.runtime()).pid).toBe(pid);
    expect(await endpoint.history()).toEqual([">building:provisioned", "building>up:ready"]);
  },
  (cut_s + 60) * 1000,
);

async function holderOf(all: readonly AgentProcess[]): Promise<AgentProcess> {
  for (const agent of all) {
    if (await agent.runtime().catch(() => undefined)) return agent;
  }
  throw new Error("no agent runs anything");
}
