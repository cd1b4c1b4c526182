/** A runtime that dies again and again: what its endpoint says, who is told, and what it leaves alone. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { FakeSmi } from "../../agent/hardware/fake-smi.testbed.ts";
import { EngineEnvironment } from "../../agent/runtimes/fakes/environment.testbed.ts";
import type { HostView } from "../app/control-api.ts";
import { type Smtp, startSmtp } from "../control/observability/notify/smtp.testbed.ts";
import type { AgentProcess } from "./agent-process.ts";
import { alive, eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { EndpointClient } from "./endpoint-client.ts";

setDefaultTimeout(90_000);

const pair = new URL("../../agent/hardware/samples/h200-pair.csv", import.meta.url);
const [idle = ""] = readFileSync(pair, "utf8").split("\n");
/** Three GPUs without work. */
const gpus = [0, 1, 2].map((index) =>
  idle.replace(/^0, GPU-6/, `${index}, GPU-${index}`).replace(":18:", `:1${index}:`),
);
const testbed = new Testbed();
const smi = new FakeSmi(`${gpus.join("\n")}\n`);
const environment = new EngineEnvironment({ vllm: "0.30.0", sglang: "0.5.5" });
const posted: string[] = [];
const receiver = Bun.serve({
  port: 0,
  async fetch(request) {
    posted.push(((await request.json()) as { text: string }).text);
    return new Response();
  },
});
let smtp: Smtp;
let appliance: ApplianceProcess;
let agent: AgentProcess;
let neighbour: EndpointClient;
let endpoint: EndpointClient;
let neighbours_pid = 0;

beforeAll(async () => {
  smtp = await startSmtp();
  appliance = await ApplianceProcess.create(testbed);
  const mail = {
    enabled: true,
    host: "localhost",
    port: smtp.port,
    security: "starttls",
    user: "mailer",
    password: "hunter2",
    ca_pem: smtp.ca_pem,
    from: "hypervize@example.org",
    to: ["ops@example.org"],
  };
  const webhook = { enabled: true, url: `http://127.0.0.1:${receiver.port}/` };
  const endpoints = { unready_timeout_s: 10 };
  await appliance.api("/api/settings", { mail, webhook, endpoints }, "PUT");
  const path = `PATH=${environment.bin}:${dirname(smi.path)}:${process.env["PATH"]}`;
  agent = await appliance.addAgent(testbed.folder(), ["env", path]);
  neighbour = await provision("neighbour");
  await neighbour.is("up");
  neighbours_pid = await pidOf(await replicaOf(neighbour));
});
afterAll(async () => {
  await testbed.end();
  await receiver.stop(true);
  await smtp.close();
  environment.end();
  smi.end();
}, 30_000);

const provision = (name: string, more: object = {}) =>
  EndpointClient.provision(appliance, {
    model: `file://${environment.model}`,
    runtime: "vllm",
    name,
    context: 4096,
    concurrency: 2,
    min_replicas: 1,
    max_replicas: 1,
    ...more,
  });

type Replica = HostView["replicas"][number];

async function replicasOf(client: EndpointClient): Promise<Replica[]> {
  const ids = new Set((await client.view()).replicas.map(({ id }) => id));
  const hosts = await appliance.hosts();
  return hosts.flatMap(({ replicas }) => replicas).filter(({ id }) => ids.has(id));
}

async function replicaOf(client: EndpointClient): Promise<Replica> {
  const [replica] = await replicasOf(client);
  if (replica === undefined) throw new Error(`${client.id} has no replica`);
  return replica;
}

/** As its agent has recorded it. */
async function pidOf({ id }: Replica): Promise<number> {
  const handle = await Bun.file(join(agent.home, "agent/replicas", `${id}.json`)).json();
  return (handle as { process: { pid: number } }).process.pid;
}

/** When each of its processes was started, by the agent's clock, until DONE. */
async function startsOf(client: EndpointClient, done: (starts: number[]) => Promise<boolean>) {
  const starts = new Set<number>();
  await eventually(`${client.id} was started again and again`, async () => {
    for (const { started_at_ms } of await replicasOf(client)) {
      if (started_at_ms > 0) starts.add(started_at_ms);
    }
    return done([...starts]);
  });
  return [...starts];
}
const gaps = (starts: readonly number[]) => starts.slice(1).map((at, i) => at - (starts[i] ?? 0));

async function neighbourIsWell(): Promise<void> {
  const replica = await replicaOf(neighbour);
  expect([replica.restarts, await pidOf(replica)]).toEqual([0, neighbours_pid]);
  expect((await neighbour.chat("hello")).status).toBe(200);
}

/** In their order; each of them once by mail and once by webhook. */
async function told(...texts: string[]): Promise<void> {
  await smtp.arrived(texts.length);
  await eventually("the webhook was called", async () => posted.length >= texts.length);
  expect(smtp.inbox.map(({ headers }) => headers["subject"])).toEqual(texts);
  expect(posted).toEqual(texts);
}

test("one that dies before it is ready is tried three times, a second and two apart, then it has failed", async () => {
  environment.behaves({ FAKE_FAILS: "oom" });
  endpoint = await provision("chat");
  const isOver = async () => (await endpoint.view()).status === "failed";
  const starts = await startsOf(endpoint, isOver);
  const [first = 0, second = 0] = gaps(starts);
  expect(starts).toHaveLength(3);
  expect(first).toBeGreaterThanOrEqual(1000);
  expect(second).toBeGreaterThanOrEqual(2000);
  const view = await endpoint.view();
  expect(view).toMatchObject({ status: "failed", cause: "out_of_memory" });
  expect(view.detail).toContain("There was not enough GPU memory.");
  expect(view.log_tail.at(-1)).toContain("torch.OutOfMemoryError: CUDA out of memory.");
  await told("Endpoint neighbour is up", "Endpoint chat failed: out of memory");
  const parts = smtp.inbox[1]?.parts.map(({ text }) => text).join();
  expect(parts).toContain("torch.OutOfMemoryError");
  await eventually("its place is free", async () => (await replicasOf(endpoint)).length === 0);
  await neighbourIsWell();
});

test("with a runtime that was mended, resume brings it up", async () => {
  environment.behaves({});
  await endpoint.order("resume");
  await endpoint.is("up");
  expect((await endpoint.chat("hello")).status).toBe(200);
  await told(
    ...["Endpoint neighbour is up", "Endpoint chat failed: out of memory"],
    "Endpoint chat is up",
  );
});

test("no restart begins before the memory of the one that died is free", async () => {
  const pid = await pidOf(await replicaOf(endpoint));
  const [gpu = ""] = (await endpoint.view()).placement[0]?.devices ?? [];
  smi.prints("apps", `${gpu}, ${pid}, 90000, VLLM::EngineCore\n`);
  await eventually("the driver has said so", async () => {
    const [host] = await appliance.hosts();
    const sample = host?.heartbeat?.gpus.find(({ uuid }) => uuid === gpu);
    return sample?.processes.some((process) => process.pid === pid);
  });
  const killed_at_ms = Date.now();
  process.kill(pid, "SIGKILL");
  await eventually("it has ended", async () => !(await alive(pid)));
  const asks = smi.calls("apps").length;
  await eventually("the driver was asked", async () => smi.calls("apps").length > asks + 8);
  expect(await replicaOf(endpoint)).toMatchObject({ restarts: 0 });
  expect(await pidOf(await replicaOf(endpoint))).toBe(pid);
  const freed_at_ms = Date.now();
  smi.prints("apps", "");
  const again = await eventually("it is ready again", async () => {
    const replica = await replicaOf(endpoint);
    return replica.state === "ready" && replica.restarts === 1 && replica;
  });
  expect(freed_at_ms - killed_at_ms).toBeGreaterThan(1000);
  expect(again.started_at_ms).toBeGreaterThanOrEqual(freed_at_ms + 1000);
  await neighbourIsWell();
});

test("one that was up and dies soon after every start has longer and longer pauses, then it has failed", async () => {
  environment.behaves({ FAKE_LIVES_MS: "1000" });
  process.kill(await pidOf(await replicaOf(endpoint)), "SIGKILL");
  const seen = new Set<string>();
  const statuses = new Set<number>();
  const starts = await startsOf(endpoint, async () => {
    const { status } = await endpoint.view();
    if (status === "up") seen.add((await replicaOf(endpoint)).state);
    else return status === "failed";
    statuses.add((await endpoint.chat("hello", { "x-scale-up-timeout": "0" })).status);
    return false;
  });
  const pauses = gaps(starts.slice(1));
  // A second's life, and then 4, 8 … seconds: the crash before counts too.
  expect(pauses[0]).toBeGreaterThanOrEqual(4000);
  expect(starts.length).toBeLessThanOrEqual(4);
  expect(seen).toContain("crashed");
  // In the moment before its end is known there is nobody to ask.
  expect([...statuses].filter((status) => status !== 502).toSorted()).toEqual([200, 503]);
  expect(await endpoint.view()).toMatchObject({ status: "failed", cause: "out_of_memory" });
  expect((await endpoint.history()).slice(-1)).toEqual(["up>failed:out_of_memory"]);
  await neighbourIsWell();
});

test("while one of two serves, the other may die again and again", async () => {
  environment.behaves({});
  await endpoint.change({ min_replicas: 2, max_replicas: 2 });
  await endpoint.order("resume");
  const [one, two] = await eventually("two are ready", async () => {
    const ready = (await replicasOf(endpoint)).filter(({ state }) => state === "ready");
    return ready.length === 2 && ready;
  });
  environment.behaves({ FAKE_FAILS: "oom" });
  if (one === undefined || two === undefined) throw new Error("there are not two");
  const twos_pid = await pidOf(two);
  process.kill(await pidOf(one), "SIGKILL");
  const statuses = new Set<number>();
  await eventually("the other has crashed three times", async () => {
    statuses.add((await endpoint.chat("hello")).status);
    return (await replicasOf(endpoint)).some(({ restarts }) => restarts >= 3);
  });
  expect(statuses).toEqual(new Set([200]));
  expect((await endpoint.view()).status).toBe("up");
  const other = (await replicasOf(endpoint)).find(({ id }) => id === two.id);
  expect(other).toMatchObject({ restarts: 0, state: "ready" });
  expect(await pidOf(two)).toBe(twos_pid);
  await neighbourIsWell();
  await told(
    ...["Endpoint neighbour is up", "Endpoint chat failed: out of memory"],
    ...["Endpoint chat is up", "Endpoint chat failed: out of memory", "Endpoint chat is up"],
  );
});
