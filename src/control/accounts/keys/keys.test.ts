import { beforeEach, expect, test } from "bun:test";
import { databaseWithPeople, people } from "../../../app/access.testbed.ts";
import { Failure } from "../../../shared/failure.ts";
import { noLimits } from "../../../shared/limits/fields.ts";
import type { Database } from "../../storage/database.ts";
import { type KeyRecord, Keys } from "./keys.ts";
import { api_keys } from "./table.ts";
import { newToken } from "./token.ts";

const { viewer, member, admin } = people;
let database: Database;
let keys: Keys;
let now: number;
let cut: string[];
let changes: number;

function open(): Keys {
  return new Keys(database, {
    now: () => now,
    cut: (id) => cut.push(id),
    changed: () => {
      changes += 1;
    },
  });
}

beforeEach(() => {
  database = databaseWithPeople();
  now = 1000;
  cut = [];
  changes = 0;
  keys = open();
});

function refusalOf(token: string, at = now): unknown {
  try {
    return keys.verify(token, at);
  } catch (error) {
    return error instanceof Failure ? error.envelope() : error;
  }
}

const bad = {
  error: expect.objectContaining({ code: "invalid_api_key", type: "invalid_request_error" }),
};

test("an issued key verifies at once and after a restart; the database holds only its hash", () => {
  const { key, ...view } = keys.issue(member, { name: " laptop " });
  const record = { id: view.id, prefix: key.slice(0, 10), user_id: "usr_member" };
  const known = { ...record, scope: "inference", expires_at: null, limits: noLimits, allows: null };
  expect(keys.verify(key, now)).toEqual(known as KeyRecord);
  expect(open().verify(key, now)).toEqual(keys.verify(key, now));
  expect(view).toEqual({
    ...record,
    name: "laptop",
    last4: key.slice(-4),
    scope: "inference",
    user_email: "member@example.org",
    ...noLimits,
    allowed_cidrs: null,
    created_at: 1000,
    expires_at: null,
    revoked_at: null,
  });
  expect(JSON.stringify(database.select().from(api_keys).all())).not.toContain(key);
});

test("verifying reads nothing from the database", () => {
  const { key, id } = keys.issue(member, { name: "laptop" });
  database.$client.close();
  expect(keys.verify(key, now).id).toBe(id);
});

test("malformed, unknown, expired and revoked keys fail with one and the same answer", () => {
  const expired = keys.issue(member, { name: "short", expires_at: 2000 });
  const revoked = keys.issue(member, { name: "gone" });
  keys.revoke(member, revoked.id);
  expect(keys.verify(expired.key, 1999).id).toBe(expired.id);
  const answers = [
    refusalOf("hv_nonsense"),
    refusalOf(newToken()),
    refusalOf(expired.key, 2000),
    refusalOf(revoked.key),
  ];
  for (const answer of answers) expect(answer).toEqual(bad);
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
});

test("a revoked key fails from the next verify on and after a restart, its streams are cut, its row stays", () => {
  const { id, key } = keys.issue(member, { name: "laptop" });
  now = 2000;
  expect(keys.revoke(member, id)).toEqual({ id, revoked_at: 2000, streams_cut: 1 });
  expect(refusalOf(key)).toEqual(bad);
  keys = open();
  expect(refusalOf(key)).toEqual(bad);
  expect(keys.list(member)).toMatchObject([{ id, revoked_at: 2000 }]);
  now = 3000;
  expect(keys.revoke(member, id)).toEqual({ id, revoked_at: 2000, streams_cut: 0 });
  expect(cut).toEqual([id]);
});

test("when revoking is acknowledged, it is committed: streams are cut after that", () => {
  const { id } = keys.issue(member, { name: "laptop" });
  let committed: unknown;
  const watching = new Keys(database, {
    now: () => now,
    changed: () => {},
    cut: () => {
      committed = database.select().from(api_keys).get();
      return 3;
    },
  });
  expect(watching.revoke(member, id).streams_cut).toBe(3);
  expect(committed).toMatchObject({ revoked_at: 1000 });
});

test("a revocation that cannot be written is refused loudly, and the key goes on", () => {
  const { id, key } = keys.issue(member, { name: "laptop" });
  database.$client.pragma("query_only = 1");
  expect(() => keys.revoke(member, id)).toThrow("readonly");
  expect(keys.verify(key, now).id).toBe(id);
  expect(cut).toEqual([]);
});

test("a changed expiry holds from the next verify on", () => {
  const { id, key } = keys.issue(member, { name: "laptop", expires_at: 2000 });
  expect(keys.update(member, id, { expires_at: 5000 }).expires_at).toBe(5000);
  expect(keys.verify(key, 4999).id).toBe(id);
  expect(keys.update(member, id, { name: "desk" })).toMatchObject({
    name: "desk",
    expires_at: 5000,
  });
  expect(keys.update(member, id, { expires_at: null }).expires_at).toBeNull();
  expect(open().verify(key, 1e15).id).toBe(id);
});

test("an expired key can still be renamed, and a revoked one not be brought back", () => {
  const { id } = keys.issue(member, { name: "laptop", expires_at: 2000 });
  now = 3000;
  expect(keys.update(member, id, { name: "old" }).name).toBe("old");
  keys.revoke(member, id);
  expect(() => keys.update(member, id, { expires_at: null })).toThrow(
    expect.objectContaining({
      status: 409,
      code: "key_revoked",
      message: "This key is revoked and stays so. Create a new one.",
    }),
  );
});

test("everybody sees their own keys, an admin all; others' keys are as unknown as none", () => {
  const mine = keys.issue(member, { name: "mine" });
  now += 1;
  const theirs = keys.issue(admin, { name: "theirs", scope: "admin" });
  expect(keys.list(viewer)).toEqual([]);
  expect(keys.list(member).map(({ id }) => id)).toEqual([mine.id]);
  expect(keys.list(admin).map(({ id }) => id)).toEqual([theirs.id, mine.id]);
  const missing = expect.objectContaining({ status: 404, code: "not_found" });
  for (const id of [theirs.id, "key_none"]) {
    expect(() => keys.revoke(member, id)).toThrow(missing);
    expect(() => keys.update(member, id, { name: "x" })).toThrow(missing);
  }
  expect(keys.revoke(admin, mine.id).id).toBe(mine.id);
});

test("removing a user revokes every live key of theirs and no other", () => {
  const [one, two] = [keys.issue(member, { name: "1" }), keys.issue(member, { name: "2" })];
  const other = keys.issue(admin, { name: "3" });
  keys.revoke(member, one.id);
  expect(keys.revokeOf("usr_member")).toBe(2);
  expect(cut).toEqual([one.id, two.id]);
  expect(refusalOf(two.key)).toEqual(bad);
  expect(keys.verify(other.key, now).id).toBe(other.id);
  expect(keys.revokeOf("usr_viewer")).toBe(0);
});

test("bad input is refused by name, and changes nothing", () => {
  const refused = (param: string | null) => expect.objectContaining({ param });
  for (const name of ["", "  ", "x".repeat(101), "a\nb"]) {
    expect(() => keys.issue(member, { name })).toThrow(refused("name"));
  }
  for (const expires_at of [1000, 0, -1, 1e300, 5000.5, Number.NaN]) {
    expect(() => keys.issue(member, { name: "x", expires_at })).toThrow(refused("expires_at"));
  }
  expect(() => keys.issue(member, { name: "x", scope: "admin" })).toThrow("Only an admin");
  expect([keys.list(admin), changes]).toEqual([[], 0]);
});
