/**
 * kill -9 of the appliance right after a client has read [DONE]: every such request has its usage
 * row. HYPERVIZE_KILLS=200 runs the full count of the issue.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { chat } from "./chat.ts";

const kills = Number(process.env["HYPERVIZE_KILLS"] ?? 20);
const testbed = new Testbed();
let appliance: ApplianceProcess;
let key: string;

beforeAll(async () => {
  appliance = await ApplianceProcess.create(testbed);
  await appliance.addAgent();
  await appliance.addDemoModel();
  await appliance.ready();
  key = (await appliance.createKey()).key;
}, 60_000);
afterAll(() => testbed.end(), 30_000);

/** The request id of an answer that was read to its very [DONE]. */
async function answered(): Promise<string> {
  const response = await chat(appliance.url, key, "Hello", { stream: true });
  const text = await response.text();
  if (!text.trimEnd().endsWith("data: [DONE]")) throw new Error(`no [DONE]: ${text.slice(-200)}`);
  if (text.includes('"error"')) throw new Error(text);
  return response.headers.get("x-request-id") ?? "";
}

test(
  `${kills} times kill -9 after [DONE] lose no usage row`,
  async () => {
    const ids: string[] = [];
    for (let i = 0; i < kills; i++) {
      await appliance.ready();
      ids.push(await answered());
      await appliance.kill("SIGKILL");
      await appliance.start();
    }
    const known = new Set((await appliance.usage(500)).map((row) => row.id));
    expect(ids.filter((id) => !known.has(id))).toEqual([]);
    expect(ids).toHaveLength(kills);
  },
  10_000 + kills * 5000,
);

test("a key that was acknowledged, and one that was revoked, stay so after kill -9", async () => {
  await appliance.ready();
  const made = await appliance.createKey("made");
  const gone = await appliance.createKey("gone");
  await appliance.api(`/api/keys/${gone.id}`, undefined, "DELETE");
  await appliance.kill("SIGKILL");
  await appliance.start();
  await appliance.ready();
  expect((await chat(appliance.url, made.key, "Hello")).status).toBe(200);
  expect((await chat(appliance.url, gone.key, "Hello")).status).toBe(401);
}, 30_000);
