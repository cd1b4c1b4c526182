import { databaseWithPeople, guard, httpWith, people, play } from "../../../app/access.testbed.ts";
import { Keys } from "./keys.ts";
import { keyRoutes } from "./routes.ts";
import { api_keys } from "./table.ts";

/** One key of each member and admin, under known ids. */
function world() {
  const database = databaseWithPeople();
  for (const { user_id, role } of [people.member, people.admin]) {
    database
      .insert(api_keys)
      .values({
        id: `key_${role}`,
        name: `${role}'s`,
        hash: `hash-of-${role}`,
        prefix: "hv_1234567",
        last4: "wxyz",
        user_id,
        scope: "inference",
        created_at: 1,
      })
      .run();
  }
  const keys = new Keys(database, { now: () => 1000, cut: () => 2, changed: () => {} });
  return httpWith([keyRoutes({ keys, guard, spentBy: () => 1.5 })]);
}

const secrets = ["hash-of-", '"hash"'];
const make = { method: "POST", path: "/api/keys", hides: secrets };
const memberUp = (status: number) => ({ guest: 401, viewer: 403, member: status, admin: status });

play(world, [
  {
    name: "listing keys",
    method: "GET",
    path: "/api/keys",
    status: { guest: 401, viewer: 200, member: 200, admin: 200 },
    shows: ['"data":['],
    hides: secrets,
    hidesFrom: { viewer: ["key_member", "key_admin"], member: ["key_admin", "admin@example.org"] },
  },
  {
    ...make,
    name: "creating a key",
    body: { name: "laptop" },
    status: memberUp(201),
    shows: ['"key":"hv_', '"scope":"inference"', '"revoked_at":null'],
  },
  {
    ...make,
    name: "creating an admin key",
    body: { name: "ops", scope: "admin", expires_at: 5000 },
    status: { guest: 401, viewer: 403, member: 403, admin: 201 },
    shows: ['"scope":"admin"', '"expires_at":5000'],
  },
  {
    ...make,
    name: "creating a key with limits",
    body: { name: "app", rpm_limit: 60, models: ["org/a"], allowed_cidrs: ["10.0.0.0/8"] },
    status: memberUp(201),
    shows: [
      ...['"rpm_limit":60', '"tpm_limit":null', '"models":["org/a"]'],
      ...['"allowed_cidrs":["10.0.0.0/8"]', '"spent_this_month":1.5'],
    ],
  },
  {
    ...make,
    name: "a key for a network that there is not",
    body: { name: "app", allowed_cidrs: ["10.0.0.0/33"] },
    status: memberUp(400),
  },
  { ...make, name: "a key without a name", body: {}, status: memberUp(400) },
  {
    ...make,
    name: "a key with a scope that there is not",
    body: { name: "x", scope: "root" },
    status: memberUp(400),
  },
  {
    ...make,
    name: "a key for somebody else",
    body: { name: "x", user_id: "usr_admin" },
    status: memberUp(400),
  },
  {
    ...make,
    name: "a key that has expired",
    body: { name: "x", expires_at: 999 },
    status: memberUp(400),
  },
  {
    name: "renaming a key of the member",
    method: "PATCH",
    path: "/api/keys/key_member",
    body: { name: "renamed" },
    status: memberUp(200),
    shows: ["renamed"],
    hides: secrets,
  },
  {
    name: "limiting a key of the member",
    method: "PATCH",
    path: "/api/keys/key_member",
    body: { tpm_limit: 1000, monthly_budget: 0.5, allowed_cidrs: null },
    status: memberUp(200),
    shows: ['"tpm_limit":1000', '"monthly_budget":0.5', '"name":"member\'s"'],
  },
  {
    name: "a limit of nothing",
    method: "PATCH",
    path: "/api/keys/key_member",
    body: { rpm_limit: 0 },
    status: memberUp(400),
  },
  {
    name: "lifting the limits of the admin's key",
    method: "PATCH",
    path: "/api/keys/key_admin",
    body: { rpm_limit: null },
    status: { guest: 401, viewer: 403, member: 404, admin: 200 },
  },
  {
    name: "renaming a key of the admin",
    method: "PATCH",
    path: "/api/keys/key_admin",
    body: { name: "renamed" },
    status: { guest: 401, viewer: 403, member: 404, admin: 200 },
  },
  {
    name: "widening a key's scope",
    method: "PATCH",
    path: "/api/keys/key_member",
    body: { scope: "admin" },
    status: memberUp(400),
  },
  {
    name: "revoking a key of the member",
    method: "DELETE",
    path: "/api/keys/key_member",
    status: { guest: 401, viewer: 404, member: 200, admin: 200 },
    shows: ['{"id":"key_member","revoked_at":1000,"streams_cut":2}'],
  },
  {
    name: "revoking a key of the admin",
    method: "DELETE",
    path: "/api/keys/key_admin",
    status: { guest: 401, viewer: 404, member: 404, admin: 200 },
    hidesFrom: { viewer: ["admin"], member: ["admin"] },
  },
  {
    name: "revoking a key that there is not",
    method: "DELETE",
    path: "/api/keys/..%2F..%2Fetc",
    status: { guest: 401, viewer: 404, member: 404, admin: 404 },
    hides: ["etc"],
  },
]);
