import { beforeEach, expect, test } from "bun:test";
import { databaseWithPeople } from "../../../app/access.testbed.ts";
import { noLimits } from "../../../shared/limits/fields.ts";
import type { Database } from "../../storage/database.ts";
import { users } from "../users/table.ts";
import { Teams } from "./teams.ts";

let database: Database;
let teams: Teams;
let renamed: string[];

const open = (): Teams =>
  new Teams(database, { now: () => 5, renamed: (from, to) => renamed.push(`${from} -> ${to}`) });

beforeEach(() => {
  database = databaseWithPeople();
  renamed = [];
  teams = open();
});

test("a team is found again after a restart, with its limits", () => {
  const team = teams.create({ name: " Research ", rpm_limit: 60, models: ["demo"] });
  expect(team).toEqual({
    ...noLimits,
    id: expect.stringMatching(/^team_[0-9A-Za-z]{20}$/),
    name: "Research",
    created_at: 5,
    rpm_limit: 60,
    models: ["demo"],
  });
  expect(open().find(team.id)).toEqual(team);
});

test("a change makes another object, and changes nothing that it does not name", () => {
  const before = teams.create({ name: "Research", rpm_limit: 60 });
  const after = teams.update(before.id, { monthly_budget: 9.5 });
  expect(after).toEqual({ ...before, monthly_budget: 9.5 });
  expect(teams.find(before.id)).toBe(after);
  expect(before.monthly_budget).toBeNull();
  expect(open().list()).toEqual([after]);
});

test("another name is told to where names are kept; the same one is not", () => {
  const { id } = teams.create({ name: "Research" });
  teams.update(id, { name: "Research", rpm_limit: 1 });
  teams.update(id, { name: "Labs" });
  expect(renamed).toEqual(["Research -> Labs"]);
});

test("a name that cannot be told is not taken", () => {
  const { id } = teams.create({ name: "Research" });
  const failing = new Teams(database, {
    now: () => 5,
    renamed() {
      throw new Error("disk full");
    },
  });
  expect(() => failing.update(id, { name: "Labs" })).toThrow("disk full");
  expect(failing.find(id)?.name).toBe("Research");
  expect(open().find(id)?.name).toBe("Research");
});

test("a team that goes leaves its users without one", () => {
  const { id } = teams.create({ name: "Research" });
  database.update(users).set({ team_id: id }).run();
  teams.remove(id);
  expect(open().list()).toEqual([]);
  expect(database.select({ team_id: users.team_id }).from(users).all()).toEqual(
    Array(3).fill({ team_id: null }),
  );
});

test.each(["", "  ", "x".repeat(101), "a\nb"])("the name %j is refused", (name) => {
  expect(() => teams.create({ name })).toThrow(
    expect.objectContaining({ status: 400, param: "name" }),
  );
});

test("a name is there once", () => {
  const { id } = teams.create({ name: "Research" });
  teams.create({ name: "Labs" });
  const taken = expect.objectContaining({ status: 409, param: "name", code: "team_exists" });
  expect(() => teams.create({ name: "Research" })).toThrow(taken);
  expect(() => teams.update(id, { name: "Labs" })).toThrow(taken);
});
