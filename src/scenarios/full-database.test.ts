/** What an appliance does not do when its database takes nothing: turn its hosts away. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { AgentProcess } from "./agent-process.ts";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { chat } from "./chat.ts";

setDefaultTimeout(60_000);

const testbed = new Testbed();
let appliance: ApplianceProcess;
let agent: AgentProcess;
let key: string;
beforeAll(async () => {
  appliance = await ApplianceProcess.create(testbed);
  agent = await appliance.addAgent(testbed.folder(), [], ["--tunnel"]);
  await appliance.addDemoModel();
  await appliance.ready();
  key = (await appliance.createKey()).key;
});
afterAll(() => testbed.end(), 30_000);

const served = async (): Promise<boolean> =>
  (await chat(appliance.url, key, "Hello", { max_tokens: 4 })).status === 200;
const isUp = async (): Promise<boolean> => (await appliance.hosts())[0]?.status === "up";

test("agents that connect meanwhile are welcome, and their tunnels serve", async () => {
  await eventually("a chat is answered", served);
  const { pid } = await agent.runtime();
  // From outside, as another process that fills the disk would be.
  using database = new Database(join(appliance.home, "hypervize.db"));
  database.run("pragma busy_timeout = 10000");
  for (const verb of ["insert", "update", "delete"]) {
    database.run(
      `create trigger full_${verb} before ${verb} on hosts begin select raise(abort, 'database or disk is full'); end`,
    );
  }
  await agent.kill();
  await eventually("the host is down", async () => !(await isUp()));
  agent.start();
  await eventually("the host is up", isUp);
  await eventually("a chat is answered", served);
  expect((await agent.runtime()).pid).toBe(pid);
  for (const verb of ["insert", "update", "delete"]) database.run(`drop trigger full_${verb}`);
});
