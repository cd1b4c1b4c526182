/** A host is removed: what ran there ends, its endpoint says so, and a new token makes it a member again. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { AgentProcess } from "./agent-process.ts";
import { alive, eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { EndpointClient } from "./endpoint-client.ts";

setDefaultTimeout(60_000);

const testbed = new Testbed();
let appliance: ApplianceProcess;
let agent: AgentProcess;
let endpoint: EndpointClient;

beforeAll(async () => {
  appliance = await ApplianceProcess.create(testbed);
  agent = await appliance.addAgent();
  endpoint = await EndpointClient.provision(appliance, { name: "chat" });
  await endpoint.is("up");
});
afterAll(() => testbed.end());

const remove = async (query = ""): Promise<string> => {
  const id = (await appliance.hosts())[0]?.id ?? "";
  await appliance.api(`/api/hosts/${id}${query}`, undefined, "DELETE");
  return id;
};
const rejoin = async (): Promise<AgentProcess> => {
  const { token } = await appliance.api<{ token: string }>("/api/hosts/join-tokens", {});
  return new AgentProcess(testbed, agent.home, token);
};
const isServing = async (): Promise<boolean> => {
  const [host] = await appliance.hosts();
  return host?.replicas.some(({ state }) => state === "ready") ?? false;
};
const connection = () =>
  Bun.file(join(agent.home, "agent", "connection.json")).json() as Promise<{ status: string }>;

test("its runtimes end, its endpoint says that no host is left, and requests fail at once", async () => {
  const runtime = await agent.runtimePid();
  await remove();
  await eventually("its runtime has ended", async () => !(await alive(runtime)));
  await eventually(
    "the agent says that it was refused",
    async () => (await connection()).status === "refused",
  );
  const { detail } = await eventually("the endpoint says why", async () => {
    const view = await endpoint.view();
    return view.detail !== "" && view;
  });
  expect(detail).toContain("host");
  const started = performance.now();
  const response = await endpoint.chat("2+2?", { "x-scale-up-timeout": "30" });
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ error: { code: "no_capacity" } });
  expect(performance.now() - started).toBeLessThan(5_000);
});

test("started with a new token it joins again, keeps the old identity aside, and serves", async () => {
  await agent.kill();
  agent = await rejoin();
  await endpoint.is("up");
  await eventually("its replica is ready", isServing);
  expect((await connection()).status).toBe("connected");
  const kept = readdirSync(join(agent.home, "agent")).filter((name) => /\.host_/.test(name));
  expect(kept.length).toBe(3);
});

test("removed while its agent is away, it learns of that when it comes back", async () => {
  const runtime = await agent.runtimePid();
  await agent.kill();
  await remove();
  expect(await alive(runtime)).toBe(true);
  agent.start();
  await eventually("its runtime has ended", async () => !(await alive(runtime)));
});

test("removed with its runtimes kept, it leaves them alone", async () => {
  await agent.kill();
  agent = await rejoin();
  await eventually("its replica is ready", isServing);
  const runtime = await agent.runtimePid();
  await remove("?keep_runtimes=true");
  await eventually(
    "the agent says that it was refused",
    async () => (await connection()).status === "refused",
  );
  expect(await alive(runtime)).toBe(true);
});
