import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DashboardEvents } from "../control/observability/notify/dashboard-events.ts";
import { type Database, openDatabase } from "../control/storage/database.ts";
import { UsageLog } from "../control/usage/usage.ts";
import type { UsageRow } from "../control/usage/usage-row.ts";
import { httpWith } from "./access.testbed.ts";
import { type Accounts, composeAccounts } from "./accounts.ts";
import { clock } from "./clock.ts";
import type { Http } from "./control-api.ts";

let home: string;
let database: Database;
let people: Accounts;
let usage: UsageLog;
let http: Http;
let cookie: string;
let cut: string[];

/** As a start does, on what the one before has left. */
async function start(): Promise<void> {
  database = openDatabase(join(home, "test.db"));
  usage = new UsageLog(database, { log: () => {} });
  cut = [];
  const note = (what: string) => (id: string) => cut.push(`${what} ${id}`);
  people = composeAccounts({
    database,
    home,
    live: new DashboardEvents(),
    usage,
    addressOf: () => "192.0.2.1",
    cut: { key: note("key"), user: note("user") },
  });
  http = httpWith(people.routes);
  cookie = "";
  const login = await send("POST", "/api/auth/login", people.firstLogin());
  cookie = login.headers.get("set-cookie")?.split(";")[0] ?? "";
}

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "people-"));
  await start();
});

afterEach(() => {
  database.$client.close();
  rmSync(home, { recursive: true });
});

const send = (method: string, path: string, body?: unknown): Promise<Response> =>
  http.handle(
    new Request(`http://appliance${path}`, {
      method,
      headers: { host: "appliance", cookie, ...(body !== undefined && json) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }),
  );
const json = { "content-type": "application/json" };

async function answer<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await send(method, path, body);
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Answer;
}

interface Made {
  id: string;
  key: string;
  prefix: string;
  spent_this_month: number;
}

const callerWith = (key: string, address = "192.0.2.1") =>
  people.callers.authenticate({
    method: "POST",
    address,
    headers: new Headers({ authorization: `Bearer ${key}` }),
  });

const admit = (key: string) =>
  people.limits.admit(callerWith(key), { tokens: 10, pieces: 1, most_tokens: 0 });

const row = (key: string, cost: number): UsageRow => {
  const { user, team, key_prefix } = callerWith(key);
  return {
    id: `req_${Math.random()}`,
    at: clock.now(),
    user,
    team,
    key_prefix,
    cost,
    model: "demo",
    endpoint: null,
    replica: null,
    source: "engine",
    stream: false,
    prompt_tokens: 1,
    completion_tokens: 1,
    cached_tokens: 0,
    ttft_ms: null,
    duration_ms: 1,
    status: 200,
  };
};

test("a limit that a PATCH sets or lifts holds from the next request on", async () => {
  const { id, key } = await answer<Made>("POST", "/api/keys", { name: "app" });
  expect(admit(key)).toBeNull();
  const set = (limits: object) => answer("PATCH", `/api/keys/${id}`, limits);
  await set({ max_parallel_requests: 1, models: ["demo"] });
  const running = admit(key);
  expect(() => admit(key)).toThrow(expect.objectContaining({ status: 429 }));
  expect([...(callerWith(key).models ?? [])]).toEqual(["demo"]);
  await set({ max_parallel_requests: 2 });
  admit(key);
  expect(() => admit(key)).toThrow("2 requests of this key");
  running?.end(10);
  admit(key);
  await set({ max_parallel_requests: null });
  expect(admit(key)).toBeNull();
  await set({ allowed_cidrs: ["198.51.100.0/24"] });
  expect(() => admit(key)).toThrow(
    expect.objectContaining({ status: 403, code: "permission_denied" }),
  );
  expect(callerWith(key, "198.51.100.7").key_id).toBe(id);
});

test("a budget that is spent stays spent after a kill, and so does what the team has spent", async () => {
  const team = await answer<Made>("POST", "/api/teams", { name: "Research", monthly_budget: 5 });
  const [admin] = (await answer<{ data: Made[] }>("GET", "/api/users")).data;
  await answer("PATCH", `/api/users/${admin?.id}`, { team_id: team.id });
  const { key, prefix } = await answer<Made>("POST", "/api/keys", { name: "app" });
  const first = row(key, 4);
  await usage.record(first);
  admit(key)?.end(1);
  await usage.record(row(key, 2));
  expect(() => admit(key)).toThrow("budget of this team");
  await start();
  expect(() => admit(key)).toThrow(
    expect.objectContaining({ status: 429, code: "insufficient_quota" }),
  );
  usage.amend(first.id, { ...first, cost: 2.5 });
  await usage.record(row(key, 0));
  admit(key)?.end(1);
  await answer("PATCH", `/api/teams/${team.id}`, { name: "Labs" });
  await start();
  for (const path of ["/api/teams", "/api/users", "/api/keys"]) {
    const { data } = await answer<{ data: Made[] }>("GET", path);
    const spent = data.find((each) => path !== "/api/keys" || each.prefix === prefix);
    expect([path, spent?.spent_this_month]).toEqual([path, 4.5]);
  }
});

test("a user who goes takes their requests along, and the answer says how many", async () => {
  const password = "correct horse battery";
  const user = { email: "ada@example.org", password, role: "member" };
  const { id } = await answer<Made>("POST", "/api/users", { ...user, rpm_limit: 5 });
  expect(await answer("DELETE", `/api/users/${id}`)).toMatchObject({ id, streams_cut: 1 });
  expect(cut).toEqual([`user ${id}`]);
});

test("a team that goes frees its users, and its limits hold no longer", async () => {
  const team = await answer<Made>("POST", "/api/teams", { name: "Research", rpm_limit: 1 });
  const [admin] = (await answer<{ data: Made[] }>("GET", "/api/users")).data;
  await answer("PATCH", `/api/users/${admin?.id}`, { team_id: team.id });
  const { key } = await answer<Made>("POST", "/api/keys", { name: "app" });
  admit(key);
  expect(() => admit(key)).toThrow("this team");
  expect(callerWith(key)).toBe(callerWith(key));
  expect((await send("DELETE", `/api/teams/${team.id}`)).status).toBe(204);
  expect(admit(key)).toBeNull();
  expect(callerWith(key).team).toBeNull();
});
