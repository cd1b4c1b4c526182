/** What the first start of the dev loop fills the appliance with, through its own API: a little of everything. */

import { writeModel } from "./fleet.ts";
import type { Place } from "./place.ts";
import { type Asked, type Asker, writeUsage } from "./usage-days.ts";

export type Api = <T>(method: string, path: string, body?: unknown) => Promise<T>;

interface Made {
  id: string;
}

interface MadeKey extends Made {
  key: string;
  prefix: string;
}

/** Returns an inference key of the first admin. */
export async function seed(api: Api, place: Place, provider_port: number): Promise<string> {
  const askers = await people(api);
  const { key, prefix } = await api<MadeKey>("POST", "/api/keys", { name: "dev" });
  await api("POST", "/api/keys", {
    name: "nightly batch",
    rpm_limit: 60,
    tpm_limit: 20_000,
    monthly_budget: 20,
    allowed_cidrs: ["10.0.0.0/8"],
  });
  const { id: old } = await api<Made>("POST", "/api/keys", { name: "leaked last week" });
  await api("DELETE", `/api/keys/${old}`);
  await pool(api, provider_port);
  const endpoint = await endpoints(api, place);
  await prices(api);
  const admin: Asker = { user: "admin@hypervize.local", team: null, key_prefix: prefix };
  const asked: readonly [Asked, ...Asked[]] = [
    { model: "hypervize-demo", endpoint: null, price: [0.1, 0.2] },
    { model: "hypervize-demo", endpoint: null, price: [0.1, 0.2] },
    { model: "chat", endpoint, price: [0.5, 1.5] },
    { model: "far/large", endpoint: null, price: [3, 15] },
  ];
  writeUsage(place.at("home", "hypervize.db"), [admin, ...askers], asked, Date.now());
  return key;
}

async function people(api: Api): Promise<Asker[]> {
  const teams = await Promise.all([
    api<Made>("POST", "/api/teams", { name: "Research", monthly_budget: 500 }),
    api<Made>("POST", "/api/teams", { name: "Support", rpm_limit: 600 }),
  ]);
  const names = ["Research", "Support"];
  const users = [
    { name: "Ada", role: "admin", team: 0 },
    { name: "Grace", role: "member", team: 0 },
    { name: "Linus", role: "member", team: 1 },
    { name: "Barbara", role: "viewer", team: 1 },
  ];
  for (const { name, role, team } of users) {
    await api("POST", "/api/users", {
      name,
      role,
      email: `${name.toLowerCase()}@example.org`,
      password: `${name.toLowerCase()} in the dev loop`,
      team_id: teams[team]?.id ?? null,
    });
  }
  return users.map(({ name, team }) => ({
    user: `${name.toLowerCase()}@example.org`,
    team: names[team] ?? null,
    key_prefix: null,
  }));
}

/** The shared pool, a service elsewhere, and names for both. */
async function pool(api: Api, provider_port: number): Promise<void> {
  await api("POST", "/api/models", {
    name: "hypervize-demo",
    source: "builtin:hypervize-demo",
    runtime: "llama-server",
    replicas: 1,
  });
  await api("POST", "/api/providers", {
    name: "Far away",
    base_url: `http://127.0.0.1:${provider_port}/v1`,
    api_key: "sk-of-the-dev-loop",
    models: [
      { name: "far/large", upstream: "large" },
      { name: "far/small", upstream: "small" },
    ],
  });
  await api("POST", "/api/aliases", {
    name: "smart",
    targets: [
      { model: "far/large", weight: 9 },
      { model: "hypervize-demo", weight: 1 },
    ],
    fallbacks: ["far/small"],
  });
  await api("POST", "/api/aliases", {
    name: "fast",
    targets: [{ model: "hypervize-demo", weight: 1 }],
  });
}

/** One in each state that lasts. Returns the id of the one that serves. */
async function endpoints(api: Api, place: Place): Promise<string> {
  const sound = writeModel(place.at("models", "sound"));
  const narrow = writeModel(place.at("models", "narrow"), "context");
  const common = { runtime: "vllm", context: 8192, concurrency: 4, visibility: "team" };
  const made = async (name: string, more: object) =>
    (await api<Made>("POST", "/api/provision", { name, model: sound, ...common, ...more })).id;
  const chat = await made("chat", {
    gpu: { type: "H100-80", count: 1 },
    min_replicas: 1,
    max_replicas: 2,
  });
  // All of the last host's GPUs, one of which is taken: it waits for that for ever.
  await made("search", { gpu: { type: "L40S", count: 1 }, min_replicas: 1 });
  const night = await made("night", { gpu: { type: "A100-80", count: 1 }, idle_timeout_s: 600 });
  const rest = await made("archive", { gpu: { type: "A100-80", count: 1 } });
  await made("narrow", { model: narrow, gpu: { type: "H100-80", count: 1 } });
  await is(api, chat, "up");
  await is(api, night, "up");
  await made("crowded", { gpu: { type: "L40S", count: 8 }, min_replicas: 1 });
  await api("POST", `/api/endpoints/${night}/sleep`, {});
  await api("POST", `/api/endpoints/${rest}/pause`, {});
  return chat;
}

async function is(api: Api, id: string, status: string): Promise<void> {
  for (let waited_ms = 0; waited_ms < 60_000; waited_ms += 200) {
    const view = await api<{ status: string; detail: string }>("GET", `/api/endpoints/${id}`);
    if (view.status === status) return;
    if (view.status === "failed") throw new Error(`${id} has failed: ${view.detail}`);
    await Bun.sleep(200);
  }
  throw new Error(`${id} is not ${status} within a minute. The logs of the hosts say why.`);
}

async function prices(api: Api): Promise<void> {
  const all = { "hypervize-demo": [0.1, 0.2], chat: [0.5, 1.5], "far/large": [3, 15] };
  for (const [model, [input_per_million, output_per_million]] of Object.entries(all)) {
    await api("PUT", "/api/prices", { model, input_per_million, output_per_million });
  }
}
