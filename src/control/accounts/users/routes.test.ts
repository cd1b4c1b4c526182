import { expect, test } from "bun:test";
import {
  databaseWithPeople,
  guard,
  httpWith,
  play,
  requestAs,
  type Scenario,
} from "../../../app/access.testbed.ts";
import { userRoutes } from "./routes.ts";
import { Users } from "./users.ts";

function world() {
  const database = databaseWithPeople();
  const ends = {
    sessions: { endAllOf: () => {} },
    keys: { revokeOf: () => 2 },
    isTeam: (id: string) => id === "team_1",
    cut: () => 1,
  };
  return httpWith([
    userRoutes({
      users: new Users(database, ends, () => 5),
      guard,
      spentBy: () => 1.5,
      teamName: () => "Research",
    }),
  ]);
}

const adminOnly = (status: number) => ({ guest: 401, viewer: 403, member: 403, admin: status });
const ada = { email: "ada@example.org", password: "correct horse battery", role: "viewer" };
const secrets = ["password_hash", "hash-of-", "$argon2", ada.password];
const create: Pick<Scenario, "method" | "path" | "hides"> = {
  method: "POST",
  path: "/api/users",
  hides: secrets,
};
const change = { method: "PATCH", path: "/api/users/usr_member", hides: secrets };

play(world, [
  {
    name: "listing users",
    method: "GET",
    path: "/api/users",
    status: adminOnly(200),
    shows: ["viewer@example.org", "created_at", "admin"],
    hides: secrets,
  },
  {
    ...create,
    name: "creating a user",
    body: ada,
    status: adminOnly(201),
    shows: ["ada@example.org", "usr_"],
  },
  {
    ...create,
    name: "a user without a role",
    body: { ...ada, role: undefined },
    status: adminOnly(400),
  },
  {
    ...create,
    name: "a role that there is not",
    body: { ...ada, role: "root" },
    status: adminOnly(400),
  },
  {
    ...create,
    name: "a taken address",
    body: { ...ada, email: "MEMBER@example.org" },
    status: adminOnly(409),
  },
  {
    ...create,
    name: "an id of the caller's choice",
    body: { ...ada, id: "usr_admin" },
    status: adminOnly(400),
  },
  {
    ...create,
    name: "a short password",
    body: { ...ada, password: "hunter2" },
    status: adminOnly(400),
    hides: [...secrets, "hunter2"],
  },
  {
    ...change,
    name: "changing a name",
    body: { name: "Meg" },
    status: adminOnly(200),
    shows: ["Meg"],
  },
  {
    ...change,
    name: "limiting a user",
    body: { rpm_limit: 60, monthly_budget: 10, models: ["org/a"] },
    status: adminOnly(200),
    shows: ['"rpm_limit":60', '"monthly_budget":10', '"spent_this_month":1.5', '"team":null'],
  },
  { ...change, name: "a budget below 0", body: { monthly_budget: -1 }, status: adminOnly(400) },
  {
    ...change,
    name: "a team that there is not",
    body: { team_id: "team_x" },
    status: adminOnly(400),
  },
  { ...change, name: "making an admin", body: { role: "admin" }, status: adminOnly(200) },
  { ...change, name: "changing an address", body: { email: "x@y" }, status: adminOnly(400) },
  {
    name: "demoting the last admin",
    method: "PATCH",
    path: "/api/users/usr_admin",
    body: { role: "member" },
    status: adminOnly(409),
  },
  {
    name: "changing somebody who is not there",
    method: "PATCH",
    path: "/api/users/usr_x",
    body: { name: "x" },
    status: adminOnly(404),
  },
  {
    name: "removing a user",
    method: "DELETE",
    path: "/api/users/usr_viewer",
    status: adminOnly(200),
    shows: ['"streams_cut":3'],
  },
  {
    name: "removing the last admin",
    method: "DELETE",
    path: "/api/users/usr_admin",
    status: adminOnly(409),
  },
]);

test("a role is checked before the body, so that a stranger learns nothing about its shape", async () => {
  const response = await world().handle(requestAs("viewer", "POST", "/api/users", { nonsense: 1 }));
  expect(response.status).toBe(403);
});
