import { beforeEach, expect, test } from "bun:test";
import { type Database, openDatabase } from "../storage/database.ts";
import { Catalog } from "./catalog.ts";
import { openAIList } from "./listing.ts";

const demo = { name: "hypervize-demo", source: "builtin:hypervize-demo" };
let database: Database;
let catalog: Catalog;
let heard: number;

beforeEach(() => {
  database = openDatabase(":memory:");
  catalog = new Catalog(database, () => 1_700_000_000_999);
  heard = 0;
  catalog.onChange(() => {
    heard += 1;
  });
});

test("a model is found by id and by name, also after a restart, without reading the database", () => {
  const model = catalog.create({ ...demo, slots: 2 });
  expect(model.id).toMatch(/^mdl_/);
  const reopened = new Catalog(database, () => 0);
  database.$client.close();
  for (const each of [catalog, reopened]) {
    expect(each.find(model.id)).toEqual(model);
    expect(each.find(demo.name)).toEqual(model);
    expect(each.find("other")).toBeUndefined();
  }
});

test("a change touches only what it names, and is there after a restart", () => {
  const before = catalog.create({ ...demo, replicas: 2 });
  const after = catalog.update(demo.name, { slots: 8, enabled: false });
  expect(after).toEqual({ ...before, slots: 8, enabled: false });
  expect(catalog.update(before.id, { replicas: null }).replicas).toBeNull();
  expect(new Catalog(database, () => 0).list()).toEqual(catalog.list());
});

test("listeners hear of every change after it is committed, and of no refused one", () => {
  catalog.onChange(() => expect(new Catalog(database, () => 0).list()).toEqual(catalog.list()));
  const { id } = catalog.create(demo);
  catalog.update(id, { slots: 8 });
  expect(() => catalog.update(id, { slots: 0 })).toThrow("`slots`");
  expect(() => catalog.create(demo)).toThrow("already has a model");
  catalog.remove(id);
  expect(heard).toBe(3);
  expect(catalog.list()).toEqual([]);
});

test("one name has one model: also when another is renamed", () => {
  catalog.create(demo);
  const other = catalog.create({ ...demo, name: "other" });
  const taken = expect.objectContaining({ status: 409, code: "model_exists", param: "name" });
  expect(() => catalog.update(other.id, { name: demo.name })).toThrow(taken);
  expect(catalog.update(other.id, { name: "other" }).name).toBe("other");
});

test("what is not in the catalog can be neither changed nor removed", () => {
  expect(() => catalog.update("mdl_x", { slots: 1 })).toThrow("no such model");
  expect(() => catalog.remove("mdl_x")).toThrow("no such model");
});

test("a write that fails changes nothing in memory either", () => {
  const model = catalog.create(demo);
  database.$client.pragma("query_only = 1");
  expect(() => catalog.update(model.id, { slots: 8 })).toThrow("readonly");
  expect(() => catalog.remove(model.id)).toThrow("readonly");
  expect(catalog.list()).toEqual([model]);
  expect(heard).toBe(1);
});

test("applications see what they may ask for, in OpenAI's shape", () => {
  catalog.create(demo);
  expect(openAIList(catalog.list())).toEqual({
    object: "list",
    data: [
      { id: "hypervize-demo", object: "model", created: 1_700_000_000, owned_by: "hypervize" },
    ],
  });
});
