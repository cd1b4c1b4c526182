import { expect, test } from "bun:test";
import {
  databaseWithPeople,
  guard,
  httpWith,
  people,
  play,
  requestAs,
} from "../../app/access.testbed.ts";
import { usageRoutes } from "./routes.ts";
import { usage } from "./table.ts";

const now = 1_700_000_000_000;

/** Two rows a person; the models are named after who asked. */
function world() {
  const database = databaseWithPeople();
  for (const { email, role } of Object.values(people)) {
    for (const at of [now - 1000, now - 40 * 86_400_000]) {
      database
        .insert(usage)
        .values({
          id: `req_${role}_${at}`,
          at,
          key_prefix: `hv_${role}`,
          user: email,
          model: `=${role}-model`,
          prompt_tokens: 1,
          completion_tokens: 2,
          cached_tokens: 0,
          duration_ms: 1.5,
          status: 200,
          stream: true,
          source: "engine",
          cost: 0,
        })
        .run();
    }
  }
  return httpWith([usageRoutes(database, guard, () => now)]);
}

const everyone = (status: number) => ({
  guest: 401,
  viewer: status,
  member: status,
  admin: status,
});
const others = {
  viewer: ["member@", "admin@", "member-model", "admin-model", "hv_member", "hv_admin"],
  member: ["viewer@", "admin@", "viewer-model", "admin-model", "hv_viewer", "hv_admin"],
};
const get = (path: string) => ({ name: path, method: "GET", path, hidesFrom: others });

play(world, [
  ...["model", "key", "user", "endpoint"].map((by) => ({
    ...get(`/api/usage?by=${by}`),
    status: everyone(200),
    shows: [`"by":"${by}"`, '"prompt_tokens":'],
  })),
  ...["minute", "hour", "day"].map((by) => ({
    ...get(`/api/usage?by=${by}`),
    status: everyone(200),
    shows: [`"by":"${by}"`, '"requests":0', '"requests":'],
  })),
  { ...get("/api/usage"), status: everyone(200), shows: ['"by":"model"'] },
  { ...get("/api/usage?by=secret"), status: everyone(400) },
  { ...get("/api/usage?by=minute&from=0"), status: everyone(400) },
  { ...get("/api/usage?from=yesterday"), status: everyone(400) },
  { ...get("/api/usage?form=1"), status: everyone(400) },
  { ...get("/api/usage/events"), status: everyone(200), shows: ['"next_before":null', "req_"] },
  { ...get(`/api/usage/events?limit=1&before=${now}`), status: everyone(200), shows: ["req_"] },
  { ...get("/api/usage/events?limit=0"), status: everyone(400) },
  { ...get("/api/usage/events?before=now"), status: everyone(400) },
  {
    ...get("/api/usage.csv"),
    status: everyone(200),
    shows: ["id,at,key_prefix,user,team,model", "'="],
  },
  { ...get("/api/usage.csv?from=9&to=8"), status: everyone(400) },
]);

const read = async (path: string, as: "member" | "admin") =>
  (await world()).handle(requestAs(as, "GET", path));

test("events are rows of the contract, newest first, with booleans as booleans", async () => {
  const { data } = await (await read("/api/usage/events", "member")).json();
  expect(data).toHaveLength(2);
  expect(data[0]).toEqual({
    id: `req_member_${now - 1000}`,
    at: now - 1000,
    key_prefix: "hv_member",
    user: "member@example.org",
    team: null,
    model: "=member-model",
    endpoint: null,
    replica: null,
    prompt_tokens: 1,
    completion_tokens: 2,
    cached_tokens: 0,
    ttft_ms: null,
    duration_ms: 1.5,
    status: 200,
    stream: true,
    source: "engine",
    cost: 0,
  });
});

test("the CSV is a download with a header line, of the last 30 days unless asked for more", async () => {
  const response = await read("/api/usage.csv", "admin");
  expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  expect(response.headers.get("content-disposition")).toBe('attachment; filename="usage.csv"');
  const lines = (await response.text()).split("\r\n");
  expect(lines).toHaveLength(5);
  expect(lines[0]).toBe(
    "id,at,key_prefix,user,team,model,endpoint,replica,prompt_tokens,completion_tokens,cached_tokens,ttft_ms,duration_ms,status,stream,source,cost",
  );
  expect(lines[1]).toContain(",'=");
  const all = await (await read(`/api/usage.csv?from=${now - 50 * 86_400_000}`, "admin")).text();
  expect(all.split("\r\n")).toHaveLength(8);
});
