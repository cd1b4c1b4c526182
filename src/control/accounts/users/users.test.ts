import { beforeEach, expect, test } from "bun:test";
import { databaseWithPeople, people } from "../../../app/access.testbed.ts";
import { noLimits } from "../../../shared/limits/fields.ts";
import { type Database, openDatabase } from "../../storage/database.ts";
import { Users } from "./users.ts";

const password = "correct horse battery";
let database: Database;
let ended: string[];
let users: Users;

function open(where: Database): Users {
  return new Users(
    where,
    {
      sessions: { endAllOf: (id) => ended.push(`sessions of ${id}`) },
      keys: { revokeOf: (id) => ended.push(`keys of ${id}`) },
      isTeam: (id) => id === "team_1",
      cut: () => 0,
    },
    () => 5,
  );
}

beforeEach(() => {
  database = databaseWithPeople();
  ended = [];
  users = open(database);
});

test("a new user is stored under the normal form of the address, and known after a restart", async () => {
  const ada = await users.create({ email: "  Ada@Example.ORG ", password, role: "member" });
  expect(ada).toEqual({
    id: expect.stringMatching(/^usr_[0-9A-Za-z]{20}$/),
    email: "ada@example.org",
    name: "ada",
    role: "member",
    team_id: null,
    ...noLimits,
    created_at: 5,
  });
  expect(open(database).find(ada.id)).toEqual(ada);
  expect(users.withPassword("ADA@example.org")?.password_hash).toMatch(/^\$argon2id/);
});

const refused: [name: string, input: Partial<Parameters<Users["create"]>[0]>, param: string][] = [
  ["an address without @", { email: "ada" }, "email"],
  ["an address with two @", { email: "a@b@c" }, "email"],
  ["a line break in the address", { email: "a@b\nBcc: c@d" }, "email"],
  ["an address of 255 characters", { email: `${"a".repeat(249)}@x.org` }, "email"],
  ["a short password", { password: "short" }, "password"],
  ["an empty name", { name: "  " }, "name"],
  ["a name with a control character", { name: "a\u0007" }, "name"],
  ["a name of 101 characters", { name: "x".repeat(101) }, "name"],
];
for (const [name, input, param] of refused) {
  test(`${name} is refused, and nobody is created`, async () => {
    const attempt = users.create({ email: "ada@example.org", password, role: "viewer", ...input });
    await expect(attempt).rejects.toMatchObject({ status: 400, param });
    expect(users.list()).toHaveLength(3);
  });
}

test("one address has one account, also when two are created at the same moment", async () => {
  const twice = ["ada@example.org", "ADA@example.org"].map((email) =>
    users.create({ email, password, role: "viewer" }),
  );
  const results = await Promise.allSettled(twice);
  expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(
    users.create({ email: people.admin.email, password, role: "viewer" }),
  ).rejects.toMatchObject({ status: 409, code: "user_exists" });
});

test("the last admin can be neither removed nor demoted; one of two can", async () => {
  const demote = (id: string) => users.update(id, { role: "member" });
  expect(() => users.remove("usr_admin")).toThrow("last admin");
  await expect(demote("usr_admin")).rejects.toMatchObject({ status: 409, code: "last_admin" });
  expect(ended).toEqual([]);
  await users.update("usr_member", { role: "admin" });
  const both = await Promise.allSettled([demote("usr_admin"), demote("usr_member")]);
  expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
});

test("two admins who change their passwords while demoted cannot both slip through", async () => {
  await users.update("usr_member", { role: "admin" });
  const both = await Promise.allSettled(
    ["usr_admin", "usr_member"].map((id) => users.update(id, { role: "viewer", password })),
  );
  expect(both.filter(({ status }) => status === "rejected")).toHaveLength(1);
  expect(users.list().filter(({ role }) => role === "admin")).toHaveLength(1);
});

test("a new password replaces the hash and ends the sessions; a new name does not", async () => {
  await users.update("usr_member", { name: "Meg" });
  expect(ended).toEqual([]);
  expect(users.find("usr_member")).toMatchObject({ name: "Meg", role: "member" });
  const before = users.withPassword(people.member.email)?.password_hash;
  await users.update("usr_member", { password });
  expect(users.withPassword(people.member.email)?.password_hash).not.toBe(before);
  expect(ended).toEqual(["sessions of usr_member"]);
});

test("a removed user is gone, with keys and sessions, also after a restart", () => {
  users.remove("usr_member");
  expect(ended.sort()).toEqual(["keys of usr_member", "sessions of usr_member"]);
  expect(users.find("usr_member")).toBeUndefined();
  expect(open(database).find("usr_member")).toBeUndefined();
  expect(() => users.remove("usr_member")).toThrow("no user with this id");
});

test("the first admin is created once, and only when there is nobody", () => {
  const empty = open(openDatabase(":memory:"));
  const first = { email: "root@example.org", password };
  expect(empty.ensureFirstAdmin(first)).toBe(true);
  expect(empty.ensureFirstAdmin({ ...first, email: "second@example.org" })).toBe(false);
  expect(empty.list().map(({ email, role }) => [email, role])).toEqual([
    ["root@example.org", "admin"],
  ]);
  expect(users.ensureFirstAdmin(first)).toBe(false);
});
