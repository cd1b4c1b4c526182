/** Models whose weights lie in a store of S3: its keys reach the hosts that need them, and no disk. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { S3Testbed, test_keys } from "../../agent/contract/s3/s3.testbed.ts";
import type { ModelView } from "../app/control-api.ts";
import type { AgentProcess } from "./agent-process.ts";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { chat } from "./chat.ts";
import { EndpointClient } from "./endpoint-client.ts";

const demo = readFileSync(join(import.meta.dir, "../../agent/weights/demo/hypervize-demo.gguf"));
const model = "s3://models/llms/demo/demo-Q4_K_M.gguf";
const testbed = new Testbed();
let store: S3Testbed;
let appliance: ApplianceProcess;
let agent: AgentProcess;

beforeAll(async () => {
  store = await S3Testbed.start({
    "llms/demo/demo-Q4_K_M.gguf": { body: demo, part_bytes: 1024 * 1024 },
    "llms/two/a.gguf": demo,
    "llms/two/b.gguf": demo,
  });
  appliance = await ApplianceProcess.create(testbed);
  agent = await appliance.addAgent();
  await eventually("a host is up", async () => (await appliance.hosts())[0]?.status === "up");
}, 60_000);
afterAll(async () => {
  await testbed.end();
  await store.stop();
}, 30_000);

const settings = (s3: object) => appliance.api<object>("/api/settings", { s3 }, "PUT");
const setUp = () => settings({ endpoint: store.url, ...test_keys });

/** Every file below HOME in which the secret stands in the clear. */
function leaksIn(home: string): string[] {
  const files = new Bun.Glob("**/*").scanSync({ cwd: home, dot: true, onlyFiles: true });
  return [...files].filter((file) =>
    readFileSync(join(home, file)).includes(test_keys.secret_access_key),
  );
}

const refusal = async (body: object): Promise<string> =>
  appliance.api("/api/provision", body).then(
    () => "nothing",
    (error: Error) => error.message,
  );

test("before a store is set up, and with one that refuses, the answer says what to do", async () => {
  expect(await refusal({ model })).toContain("No S3 store is set up.");
  await settings({ endpoint: store.url, ...test_keys, secret_access_key: "wrong" });
  expect(await refusal({ model })).toContain("(SignatureDoesNotMatch)");
  expect(JSON.stringify(await setUp())).not.toContain(test_keys.secret_access_key);
  expect(await refusal({ model: "s3://models/llms/two" })).toContain("a.gguf, b.gguf");
  expect(await refusal({ model: "s3://models/none" })).toContain("s3://models/none is empty");
});

test("the weights come down with a progress, and the endpoint answers", async () => {
  store.bytes_per_s = 3_000_000;
  const endpoint = await EndpointClient.provision(appliance, { model });
  const view = await eventually("it downloads", async () => {
    const now = await endpoint.view();
    return now.phase === "downloading" && (now.progress?.downloaded_bytes ?? 0) > 0 && now;
  });
  expect(view.progress?.download_bytes).toBe(demo.length);
  expect(view.runs.source).toMatch(/^s3:\/\/models\/llms\/demo@[0-9a-f]{40}:demo-Q4_K_M\.gguf$/);
  expect(view.sizing?.source).toBe("headers");
  await endpoint.is("up");
  expect((await endpoint.chat("Hello")).status).toBe(200);
  store.bytes_per_s = undefined;
}, 60_000);

/** Of every runtime on the host. */
function pids(): number[] {
  const folder = join(agent.home, "agent", "replicas");
  const files = [...new Bun.Glob("*.json").scanSync(folder)];
  return files.map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")).process.pid);
}

test("other settings restart nothing, and what lies here whole starts without a store", async () => {
  const [pid = 0] = pids();
  const before = store.requests.length;
  const second = await EndpointClient.provision(appliance, { model });
  await second.is("up");
  const asked = store.requests.slice(before).filter(({ range }) => range === undefined);
  expect(asked.every(({ at }) => at === "list")).toBe(true);
  await settings({ endpoint: "", access_key_id: "", secret_access_key: "" });
  await second.order("sleep");
  await second.is("sleeping");
  await second.order("wake");
  await second.is("up");
  await setUp();
  expect((await second.chat("Hello")).status).toBe(200);
  expect(pids()).toContain(pid);
}, 60_000);

test("an agent that is killed goes on with its download, by the keys that it is sent again", async () => {
  const key = "llms/late/late.gguf";
  store.put(key, { body: Buffer.concat([demo, Buffer.alloc(1)]) });
  store.bytes_per_s = 1_000_000;
  const endpoint = await EndpointClient.provision(appliance, { model: `s3://models/${key}` });
  const begun = () => store.requests.find((asked) => asked.key === key && asked.if_match);
  await store.when(() => (begun()?.sent ?? 0) > demo.length / 2);
  await agent.kill();
  store.bytes_per_s = undefined;
  agent.start();
  await endpoint.is("up");
  const resumed = store.requests.findLast((asked) => asked.key === key && asked.if_match);
  expect(Number(/^bytes=(\d+)-$/.exec(resumed?.range ?? "")?.[1])).toBeGreaterThan(demo.length / 4);
  expect(resumed?.if_match).toBe(begun()?.if_match);
}, 60_000);

test("a shared model comes from there too, with the context that hosts share", async () => {
  const body = { name: "pooled", source: "s3://models/llms/demo:Q4_K_M", replicas: 1 };
  const added = await appliance.api<ModelView>("/api/models", body);
  expect(added.source).toMatch(/^s3:\/\/models\/llms\/demo@[0-9a-f]{40}:demo-Q4_K_M\.gguf$/);
  const view = () => appliance.api<ModelView>("/api/models/pooled");
  await eventually("it is up", async () => (await view()).status === "up");
  const { key } = await appliance.createKey();
  expect((await chat(appliance.url, key, "Hello", { model: "pooled" })).status).toBe(200);
}, 60_000);

test("the secret stands in no file of any home, nor in what the API shows", async () => {
  expect(testbed.folders().length).toBeGreaterThan(1);
  expect(testbed.folders().flatMap(leaksIn)).toEqual([]);
  for (const path of [
    "/api/settings",
    "/api/endpoints",
    "/api/models",
    "/api/hosts",
    "/api/ledger",
  ]) {
    expect(JSON.stringify(await appliance.api(path))).not.toContain(test_keys.secret_access_key);
  }
});
