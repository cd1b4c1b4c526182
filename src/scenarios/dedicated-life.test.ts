/** A Dedicated endpoint from its provision to the mail, through sleep, a crash and updates, to its end. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import OpenAI from "openai";
import { type Smtp, startSmtp } from "../control/observability/notify/smtp.testbed.ts";
import type { AgentProcess } from "./agent-process.ts";
import { alive, eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { EndpointClient } from "./endpoint-client.ts";

const testbed = new Testbed();
let appliance: ApplianceProcess;
let agent: AgentProcess;
let smtp: Smtp;
let endpoint: EndpointClient;

beforeAll(async () => {
  smtp = await startSmtp();
  appliance = await ApplianceProcess.create(testbed);
  agent = await appliance.addAgent();
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
  await appliance.api("/api/settings", { mail }, "PUT");
  await eventually("a host is up", async () => (await appliance.hosts())[0]?.status === "up");
}, 60_000);
afterAll(async () => {
  await testbed.end();
  await smtp.close();
}, 30_000);

const subjects = () => smtp.inbox.map(({ headers }) => headers["subject"]);
const textOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { choices: [{ message: { content: string } }] }).choices[0].message
    .content;
const codeOf = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { error: { code: string } }).error.code;

test("it has its address at once, is up a moment later, answers, and one mail says so", async () => {
  endpoint = await EndpointClient.provision(appliance, { name: "chat", min_replicas: 0 });
  expect(endpoint.id).toMatch(/^endpt-/);
  const { openai_base_url } = await endpoint.is("up");
  const client = new OpenAI({ baseURL: openai_base_url, apiKey: await appliance.adminKey() });
  const answer = await client.chat.completions.create({
    model: "anything",
    temperature: 0,
    messages: [{ role: "user", content: "What is 2+2?" }],
  });
  expect(answer.choices[0]?.message.content).toBe("2 + 2 = 4.");
  await smtp.arrived(1);
  expect(subjects()).toEqual(["Endpoint chat is up"]);
  expect(smtp.inbox[0]?.secure).toBe(true);
});

test("what its start took is measured, shown, and used for the size", async () => {
  const { measured } = await eventually("it is measured", async () => {
    const view = await endpoint.view();
    return view.measured !== null && view;
  });
  expect(measured).toMatchObject({ gpu: "cpu", gpus: 0, gpu_bytes: 0, count: 1 });
  expect(measured?.memory_bytes).toBeGreaterThan(20 * 2 ** 20);
  expect(measured?.memory_bytes).toBeLessThan(400 * 2 ** 20);
  expect(measured?.start_p50_ms).toBeGreaterThan(10);
  const { data } = await appliance.api<{ data: object[] }>("/api/ledger");
  expect(data).toMatchObject([{ source: "builtin:hypervize-demo", runtime: "llama-server" }]);
});

test("idle, it sleeps; a request wakes it and waits; another may fail fast", async () => {
  await endpoint.change({ idle_timeout_s: 1 });
  await endpoint.is("sleeping");
  const held = await endpoint.chat("What is 2+3?");
  expect([held.status, await textOf(held)]).toEqual([200, "2 + 3 = 5."]);
  expect((await endpoint.view()).wake?.count).toBe(1);
  await endpoint.is("sleeping");
  const hasty = await endpoint.chat("Hello", { "x-scale-up-timeout": "0" });
  expect([hasty.status, await codeOf(hasty)]).toEqual([503, "model_waking_up"]);
  expect(Number(hasty.headers.get("retry-after"))).toBeGreaterThan(0);
  await endpoint.is("sleeping");
  const stream = await endpoint.chat("Hello", {}, { stream: true });
  expect(await stream.text()).toEndWith("data: [DONE]\n\n");
  await endpoint.change({ idle_timeout_s: 600 });
});

test("a runtime that is killed is started again, and no mail is sent for it", async () => {
  await endpoint.chat("Hello");
  const { pid } = await agent.runtime();
  process.kill(pid, "SIGKILL");
  await eventually("it answers again", async () => {
    const response = await endpoint.chat("Hello");
    return response.status === 200 && (await agent.runtime()).pid !== pid;
  });
  expect(subjects()).toEqual(["Endpoint chat is up"]);
}, 30_000);

test("a change of what runs fails no request", async () => {
  let going = true;
  const statuses: number[] = [];
  const ask = async (): Promise<void> => {
    while (going) statuses.push((await endpoint.chat("Hello")).status);
  };
  const load = Promise.all([ask(), ask(), ask()]);
  await endpoint.change({ context: 1024 });
  await eventually("the new revision serves alone", async () => {
    const { status, generation, replicas } = await endpoint.view();
    return status === "up" && generation === 2 && replicas.length === 1;
  });
  going = false;
  await load;
  expect(new Set(statuses)).toEqual(new Set([200]));
  await smtp.arrived(2);
}, 30_000);

test("a change that the runtime refuses leaves the old revision, and says why", async () => {
  await endpoint.change({ args: ["--repeat-last-n", "-1"] });
  const view = await eventually("it says what went wrong", async () => {
    const now = await endpoint.view();
    return now.status === "up" && now.cause !== "" && now;
  });
  expect(view).toMatchObject({ cause: "config", args: [], context: 1024 });
  expect(view.detail).toContain("--repeat-last-n");
  expect(view.log_tail.join(" ")).toContain("error while handling argument");
  expect((await endpoint.chat("Hello")).status).toBe(200);
  await smtp.arrived(3);
  expect(subjects()[2]).toContain("chat");
}, 30_000);

test("paused it never wakes, resumed it is built again", async () => {
  await endpoint.order("pause");
  await endpoint.is("paused");
  const refused = await endpoint.chat("Hello");
  expect([refused.status, await codeOf(refused)]).toEqual([503, "endpoint_paused"]);
  await endpoint.order("resume");
  await endpoint.is("up");
}, 30_000);

test("deleted, its address is gone, its process too, and its story and usage stay", async () => {
  const { pid } = await agent.runtime();
  await endpoint.remove();
  await endpoint.isGone();
  expect((await endpoint.chat("Hello")).status).toBe(404);
  expect(await alive(pid)).toBe(false);
  const rows = (await appliance.usage()).filter((row) => row.endpoint === endpoint.id);
  expect(rows.length).toBeGreaterThan(5);
}, 30_000);
