/**
 * What was answered 2xx is there after a power cut: for every route that changes something, what a cut at that moment
 * leaves (the files as they were at the latest flush) is held against what the appliance holds.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import SQLite from "better-sqlite3";
import { type Appliance, startAppliance } from "../app/compose.ts";
import { hosts } from "../control/fleet/table.ts";
import { openDatabase } from "../control/storage/database.ts";
import { Testbed } from "./appliance.testbed.ts";

const testbed = new Testbed();
let home: string;
let cut: string;
let appliance: Appliance;
let admin_key: string;
const ids = new Map<string, string>();
const id = (name: string) => ids.get(name) ?? "";

beforeAll(async () => {
  home = testbed.folder();
  cut = testbed.folder();
  mkdirSync(join(cut, "look"));
  await leaveHost();
  const config = { home, host: "127.0.0.1", port: 0, agent_port: 0, advertise: [] };
  appliance = await startAppliance(config, { log: () => undefined, sync: async () => keep(cut) });
  admin_key = readFileSync(join(home, "admin-key"), "utf8").trim();
}, 30_000);
afterAll(async () => {
  await appliance.stop();
  await testbed.end();
});

/** A host that joined before; its agent is away. */
async function leaveHost(): Promise<void> {
  const database = openDatabase(join(home, "hypervize.db"));
  const row = { id: "host_1", name: "gpu-1", certificate_sha256: "00", certificate_expires_at: 1 };
  database
    .insert(hosts)
    .values({ ...row, agent_version: "1", cordoned: false, joined_at: 1 })
    .run();
  database.$client.close();
}

function keep(folder: string): void {
  for (const end of ["", "-wal"]) {
    copyFileSync(join(home, `hypervize.db${end}`), join(folder, `hypervize.db${end}`));
  }
}

/** What the lifecycle and the meters write on their own, and nobody was promised. */
const own: ReadonlySet<string> = new Set([
  ...["usage", "samples", "meter_checks", "measured_starts", "replicas", "generations", "alerts"],
  ...["endpoint_events", "endpoint_wakes", "outbox"],
]);

/** All that people were promised, table by table. */
function promised(folder: string): Record<string, unknown[]> {
  const look = join(cut, "look");
  for (const end of ["", "-wal"]) {
    copyFileSync(join(folder, `hypervize.db${end}`), join(look, `hypervize.db${end}`));
  }
  const database = new SQLite(join(look, "hypervize.db"));
  const names = database
    .prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'")
    .pluck()
    .all() as string[];
  // The loop moves an endpoint's standing, all but what people want of it.
  const columns = (name: string) =>
    name === "endpoints" ? "id, name, spec, standing ->> 'intent' as intent" : "*";
  // One that is to be deleted may be gone already.
  const where = (name: string) =>
    name === "endpoints" ? "where standing ->> 'intent' <> 'delete'" : "";
  const tables = names
    .filter((name) => !own.has(name))
    .map((name) => [
      name,
      database.prepare(`select ${columns(name)} from ${name} ${where(name)}`).all(),
    ]);
  database.close();
  return Object.fromEntries(tables);
}

interface Case {
  body?: unknown;
  /** Where it is not the route as it is written. */
  path?: () => string;
  /** What the answer's id is called in later paths. */
  makes?: string;
  /** It writes nothing that is promised. */
  writes?: false;
}

const model = "builtin:hypervize-demo";
const password = "correct horse battery";

/** In this order. */
const cases: Readonly<Record<string, Case>> = {
  "POST /api/keys": { body: { name: "app" }, makes: "key" },
  "PATCH /api/keys/:id": { body: { rpm_limit: 5 }, path: () => `/api/keys/${id("key")}` },
  "DELETE /api/keys/:id": { path: () => `/api/keys/${id("key")}` },
  "POST /api/teams": { body: { name: "Research" }, makes: "team" },
  "PATCH /api/teams/:id": { body: { name: "Labs" }, path: () => `/api/teams/${id("team")}` },
  "POST /api/users": {
    body: { email: "ada@example.org", password, role: "member" },
    makes: "user",
  },
  "PATCH /api/users/:id": { body: { name: "Ada" }, path: () => `/api/users/${id("user")}` },
  "POST /api/auth/login": { body: { email: "ada@example.org", password } },
  "DELETE /api/users/:id": { path: () => `/api/users/${id("user")}` },
  "DELETE /api/teams/:id": { path: () => `/api/teams/${id("team")}` },
  "PUT /api/prices": { body: { model: "m", input_per_million: 1, output_per_million: 2 } },
  "DELETE /api/prices": { path: () => "/api/prices?model=m" },
  "POST /api/providers": {
    body: { name: "Far", base_url: "http://127.0.0.1:9/v1" },
    makes: "provider",
  },
  "PATCH /api/providers/:id": {
    body: { slots: 3 },
    path: () => `/api/providers/${id("provider")}`,
  },
  "POST /api/providers/:id/test": {
    path: () => `/api/providers/${id("provider")}/test`,
    writes: false,
  },
  "DELETE /api/providers/:id": { path: () => `/api/providers/${id("provider")}` },
  "POST /api/aliases": {
    body: { name: "smart", targets: [{ model: "m", weight: 1 }] },
    makes: "alias",
  },
  "PATCH /api/aliases/:id": {
    body: { name: "smarter" },
    path: () => `/api/aliases/${id("alias")}`,
  },
  "DELETE /api/aliases/:id": { path: () => `/api/aliases/${id("alias")}` },
  "PUT /api/settings": { body: { retention: { raw_hours: 3 } } },
  "POST /api/models": { body: { name: "pool", source: model }, makes: "model" },
  "PATCH /api/models/:id": { body: { slots: 2 }, path: () => `/api/models/${id("model")}` },
  "DELETE /api/models/:id": { path: () => `/api/models/${id("model")}` },
  "POST /api/provision": { body: { name: "mine", model }, makes: "endpoint" },
  "PATCH /api/endpoints/:id": {
    body: { max_replicas: 2 },
    path: () => `/api/endpoints/${id("endpoint")}`,
  },
  "POST /api/endpoints/:id/pause": { path: () => `/api/endpoints/${id("endpoint")}/pause` },
  "POST /api/endpoints/:id/resume": { path: () => `/api/endpoints/${id("endpoint")}/resume` },
  "DELETE /api/endpoints/:id": { path: () => `/api/endpoints/${id("endpoint")}` },
  "POST /api/hosts/join-tokens": { body: {} },
  "POST /api/hosts/:id/cordon": { path: () => "/api/hosts/host_1/cordon" },
  "POST /api/hosts/:id/drain": { path: () => "/api/hosts/host_1/drain" },
  "POST /api/hosts/:id/uncordon": { path: () => "/api/hosts/host_1/uncordon" },
  "DELETE /api/hosts/:id": { path: () => "/api/hosts/host_1" },
};

async function send(route: string, { body, path, makes }: Case): Promise<number> {
  const [method = "", written = ""] = route.split(" ");
  const response = await fetch(`${appliance.url}${path?.() ?? written}`, {
    method,
    headers: {
      authorization: `Bearer ${admin_key}`,
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const after = promised(cut);
  expect(promised(home)).toEqual(after);
  const text = await response.text();
  if (makes) ids.set(makes, JSON.parse(text).id ?? JSON.parse(text).model_id);
  if (!response.ok) throw new Error(`${route}: ${response.status} ${text}`);
  return response.status;
}

test("what the first start made is on the disk before anybody can ask for it", () => {
  expect(promised(home)).toEqual(promised(cut));
  expect(promised(cut)["users"]).toHaveLength(1);
});

test.each(Object.entries(cases))("%s is answered when it is on the disk", async (route, one) => {
  const before = promised(home);
  expect(await send(route, one)).toBeWithin(200, 300);
  if (one.writes === false) expect(promised(home)).toEqual(before);
  else expect(promised(home)).not.toEqual(before);
});

/** As they are written in the source. */
async function routesInSource(): Promise<string[]> {
  const found: string[] = [];
  for await (const file of new Bun.Glob("**/*.ts").scan(join(import.meta.dir, ".."))) {
    if (/\.test\.ts$|testbed/.test(file)) continue;
    const text = await Bun.file(join(import.meta.dir, "..", file)).text();
    for (const [, verb = "", path = ""] of text.matchAll(
      /\.(post|put|patch|delete)\(\s*["`](\/api[^"`]*)["`]/g,
    )) {
      found.push(`${verb.toUpperCase()} ${path}`);
    }
  }
  return found;
}

test("a route that has no case above, asked for nothing sensible, leaves nothing that a cut undoes", async () => {
  const routes = await routesInSource();
  expect(routes.length).toBeGreaterThan(30);
  for (const route of routes.filter((each) => !(each in cases))) {
    await send(route, { body: {} }).catch((error: Error) => {
      if (!error.message.startsWith(route)) throw error;
    });
  }
});
