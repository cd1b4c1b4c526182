import { expect, test } from "bun:test";
import { Failure } from "../../../shared/failure.ts";
import { type Database, openDatabase } from "../../storage/database.ts";
import type { AliasInput } from "./alias.ts";
import { Aliases } from "./aliases.ts";

const known = {
  isModel: (name: string) => name === "demo" || name === "org/large",
  isEndpoint: (id: string) => id === "endpt-1",
};

const open = (database: Database = openDatabase(":memory:")) => {
  let now = 0;
  return new Aliases(database, known, () => ++now);
};

const smart: AliasInput = { name: "smart", targets: [{ model: "demo", weight: 1 }] };
const many = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ model: `m${index}`, weight: 1 }));

function refused(change: () => unknown): Failure {
  try {
    change();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("It was not refused.");
}

test("an alias is found again after a restart, oldest first", () => {
  const database = openDatabase(":memory:");
  const aliases = open(database);
  const first = aliases.create(smart);
  const second = aliases.create({ ...smart, name: "other", fallbacks: ["org/large"] });
  expect(first).toEqual({
    id: expect.stringMatching(/^als_[0-9A-Za-z]{20}$/),
    name: "smart",
    created_at: 1,
    targets: [{ model: "demo", weight: 1 }],
    fallbacks: [],
  });
  expect(open(database).list()).toEqual([first, second]);
});

test("a canary grows by a change of weights, and nothing else changes", () => {
  const database = openDatabase(":memory:");
  const aliases = open(database);
  const before = aliases.create({ ...smart, fallbacks: ["endpt-1"] });
  const targets = [
    { model: "demo", weight: 95 },
    { model: "org/large", weight: 5 },
  ];
  const after = aliases.update(before.id, { targets });
  expect(after).toEqual({ ...before, targets });
  expect(open(database).list()).toEqual([after]);
});

test("every change is heard, once it is in the list, and one that is refused is not", () => {
  const aliases = open();
  const heard: number[] = [];
  aliases.onChange(() => heard.push(aliases.list().length));
  const { id } = aliases.create(smart);
  aliases.update(id, { name: "smarter" });
  refused(() => aliases.create({ ...smart, name: "demo" }));
  refused(() => aliases.update(id, { targets: [] }));
  aliases.remove(id);
  expect(heard).toEqual([1, 1, 0]);
});

test("what does not exist yet may be a target, and is missing until it does", () => {
  const aliases = open();
  const targets = ["demo", "none", "endpt-1"].map((model) => ({ model, weight: 1 }));
  const alias = aliases.create({ ...smart, targets, fallbacks: ["none", "endpt-2"] });
  expect(aliases.view(alias).missing).toEqual(["none", "endpt-2"]);
});

test("what is not there cannot be changed or removed", () => {
  const aliases = open();
  for (const change of [() => aliases.remove("als_1"), () => aliases.update("als_1", {})]) {
    expect(refused(change)).toMatchObject({ status: 404, code: "not_found" });
  }
});

test.each<[string, number, string, Partial<AliasInput>]>([
  ["an empty name", 400, "name", { name: "" }],
  ["a name with a space", 400, "name", { name: "a b" }],
  ["a name that is too long", 400, "name", { name: "x".repeat(97) }],
  ["a name that looks like an id", 400, "name", { name: "endpt-2" }],
  ["the name of a model", 409, "name", { name: "org/large" }],
  ["the name of an alias", 409, "name", { name: "taken" }],
  ["a name that an alias leads to", 409, "name", { name: "later" }],
  ["a name that an alias falls back to", 409, "name", { name: "last" }],
  ["no targets", 400, "targets", { targets: [] }],
  ["too many targets", 400, "targets", { targets: many(33) }],
  ["a target without a name", 400, "targets", { targets: [{ model: "", weight: 1 }] }],
  ["a target twice", 400, "targets", { targets: [...many(2), ...many(1)] }],
  ["an alias of an alias", 400, "targets", { targets: [{ model: "taken", weight: 1 }] }],
  ["an alias of itself", 400, "targets", { targets: [{ model: "smart", weight: 1 }] }],
  ["a fallback that is an alias", 400, "fallbacks", { fallbacks: ["taken"] }],
  ["a fallback twice", 400, "fallbacks", { fallbacks: ["demo", "demo"] }],
  ["too many fallbacks", 400, "fallbacks", { fallbacks: many(33).map(({ model }) => model) }],
])("%s is a %i that names the field %s", (_, status, param, change) => {
  const aliases = open();
  const targets = [{ model: "later", weight: 1 }];
  aliases.create({ name: "taken", targets, fallbacks: ["last"] });
  const failure = refused(() => aliases.create({ ...smart, ...change }));
  expect(failure).toMatchObject({ status, param });
  expect(failure.message).toMatch(/\.$/);
  const { id } = aliases.create({ ...smart, name: "changing" });
  expect(refused(() => aliases.update(id, { ...smart, ...change }))).toMatchObject({
    status,
    param,
  });
});

test.each([0, 1001, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
  "a weight of %p is refused",
  (weight) => {
    const targets = [...many(1), { model: "demo", weight }];
    expect(refused(() => open().create({ ...smart, targets }))).toMatchObject({
      status: 400,
      param: "targets",
      message: "A `weight` is a whole number from 1 to 1000.",
    });
  },
);

test("as many targets as there may be, and the lightest and heaviest weights, are fine", () => {
  const targets = many(32).map(({ model }, index) => ({ model, weight: index === 0 ? 1000 : 1 }));
  const fallbacks = targets.map(({ model }) => model);
  expect(open().create({ name: "org/A-1.b:c_d", targets, fallbacks }).targets).toEqual(targets);
});
