import { databaseWithPeople, guard, httpWith, play } from "../../../app/access.testbed.ts";
import { noLimits } from "../../../shared/limits/fields.ts";
import { teamRoutes } from "./routes.ts";
import { teams as table } from "./table.ts";
import { Teams } from "./teams.ts";

function world() {
  const database = databaseWithPeople();
  const row = { ...noLimits, id: "team_1", name: "Research", created_at: 1 };
  database.insert(table).values(row).run();
  return httpWith([
    teamRoutes({
      teams: new Teams(database, { now: () => 5, renamed: () => {} }),
      guard,
      membersOf: () => 3,
      spentBy: (name) => name.length,
      freed: () => {},
    }),
  ]);
}

const adminOnly = (status: number) => ({ guest: 401, viewer: 403, member: 403, admin: status });
const create = { method: "POST", path: "/api/teams" };
const change = { method: "PATCH", path: "/api/teams/team_1" };

play(world, [
  {
    name: "listing teams",
    method: "GET",
    path: "/api/teams",
    status: adminOnly(200),
    shows: ['"name":"Research"', '"members":3', '"spent_this_month":8', '"rpm_limit":null'],
  },
  {
    ...create,
    name: "creating a team",
    status: adminOnly(201),
    body: { name: "Labs", tpm_limit: 1000, monthly_budget: 2.5, models: ["org/a"] },
    shows: ['"id":"team_', '"tpm_limit":1000', '"monthly_budget":2.5', '"models":["org/a"]'],
  },
  { ...create, name: "a team without a name", body: {}, status: adminOnly(400) },
  { ...create, name: "a taken name", body: { name: "Research" }, status: adminOnly(409) },
  {
    ...create,
    name: "a limit that is no number",
    status: adminOnly(400),
    body: { name: "Labs", rpm_limit: "60" },
  },
  {
    ...create,
    name: "a limit that is too small",
    status: adminOnly(400),
    body: { name: "Labs", max_parallel_requests: 0 },
  },
  {
    ...create,
    name: "a field that there is not",
    status: adminOnly(400),
    body: { name: "Labs", members: 4 },
  },
  {
    ...change,
    name: "changing a limit",
    status: adminOnly(200),
    body: { rpm_limit: 7 },
    shows: ['"rpm_limit":7', '"name":"Research"'],
  },
  { ...change, name: "models that are no list", body: { models: "a" }, status: adminOnly(400) },
  {
    name: "changing a team that is not there",
    method: "PATCH",
    path: "/api/teams/team_x",
    body: { name: "x" },
    status: adminOnly(404),
  },
  {
    name: "removing a team",
    method: "DELETE",
    path: "/api/teams/team_1",
    status: adminOnly(204),
  },
  {
    name: "removing a team that is not there",
    method: "DELETE",
    path: "/api/teams/team_x",
    status: adminOnly(404),
  },
]);
