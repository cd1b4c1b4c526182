import { beforeEach, expect, test } from "bun:test";
import { type Database, openDatabase } from "../../storage/database.ts";
import { catalogIn, demo, newModel } from "./catalog.testbed.ts";
import type { Catalog } from "./catalog.ts";
import { changedEntry, type Model, type ModelInput } from "./entry.ts";
import { openAIList } from "./listing.ts";

let database: Database;
let catalog: Catalog;
let heard: number;

beforeEach(() => {
  database = openDatabase(":memory:");
  catalog = catalogIn(database, () => 1_700_000_000_999);
  heard = 0;
  catalog.onChange(() => {
    heard += 1;
  });
});

const change = (idOrName: string, changes: Partial<ModelInput>, hf_token?: string): Model => {
  const before = catalog.existing(idOrName);
  const said = hf_token === undefined ? {} : { hf_token };
  return catalog.update(idOrName, {
    entry: changedEntry(before, changes),
    run: before,
    retry: false,
    ...said,
  });
};

test("a model is found by id and by name, also after a restart, without reading the database", () => {
  const model = catalog.create(newModel({ ...demo, slots: 2, gpu: { type: "L4", count: 1 } }));
  expect(model.id).toMatch(/^mdl_/);
  const reopened = catalogIn(database);
  database.$client.close();
  for (const each of [catalog, reopened]) {
    expect(each.find(model.id)).toEqual(model);
    expect(each.find(demo.name)).toEqual(model);
    expect(each.find("other")).toBeUndefined();
  }
});

test("a change touches only what it names, and is there after a restart", () => {
  const before = catalog.create(newModel({ ...demo, replicas: 2 }));
  const after = change(demo.name, { slots: 8, enabled: false });
  expect(after).toEqual({ ...before, slots: 8, enabled: false });
  expect(change(before.id, { replicas: null }).replicas).toBeNull();
  expect(catalogIn(database).list()).toEqual(catalog.list());
});

test("an entry from before hubs reads as one that asked for what it has", () => {
  database.$client
    .prepare(
      "insert into models (id, name, source, runtime, context_tokens, slots, enabled, created_at) values ('mdl_old', 'old', 'file:///m.gguf', 'llama-server', 2048, 2, 1, 7)",
    )
    .run();
  expect(catalogIn(database).existing("old")).toEqual({
    id: "mdl_old",
    name: "old",
    source: "file:///m.gguf",
    runtime: "llama-server",
    context_tokens: 2048,
    slots: 2,
    replicas: null,
    enabled: true,
    created_at: 7,
    asked: {
      source: "file:///m.gguf",
      revision: null,
      runtime: "llama-server",
      context_tokens: 2048,
    },
    gpu: { type: null, count: null },
    model_facts: null,
    changed_at: 0,
  });
});

test("a token is sealed in the row, opens for its own model only, and goes with it", () => {
  const { id } = catalog.create(newModel(demo, "hf_secret"));
  const stored = () => JSON.stringify(database.$client.prepare("select * from models").all());
  expect([catalog.tokenOf(id), catalog.hasToken(id)]).toEqual(["hf_secret", true]);
  expect(stored()).toContain("v1.");
  expect(stored()).not.toContain("hf_secret");
  expect(JSON.stringify(catalog.list())).not.toContain("v1.");
  expect(catalogIn(database).tokenOf(id)).toBe("hf_secret");
  expect(catalogIn(database, undefined, new Uint8Array(32).fill(1)).tokenOf(id)).toBe("");
  change(id, { slots: 2 });
  expect(catalog.tokenOf(id)).toBe("hf_secret");
  change(id, {}, "");
  expect([catalog.tokenOf(id), catalog.hasToken(id)]).toEqual(["", false]);
  const other = catalog.create(newModel({ ...demo, name: "other" }, "hf_other"));
  catalog.remove(other.id);
  expect(catalog.hasToken(other.id)).toBe(false);
});

test("listeners hear of every change after it is committed, and of no refused one", () => {
  catalog.onChange(() => expect(catalogIn(database).list()).toEqual(catalog.list()));
  const { id } = catalog.create(newModel(demo));
  change(id, { slots: 8 });
  expect(() => catalog.create(newModel(demo))).toThrow("There already is a shared model named");
  catalog.remove(id);
  expect(heard).toBe(3);
  expect(catalog.list()).toEqual([]);
});

test("one name has one model: also when another is renamed", () => {
  catalog.create(newModel(demo));
  const other = catalog.create(newModel({ ...demo, name: "other" }));
  const taken = expect.objectContaining({ status: 409, code: "model_exists", param: "name" });
  expect(() => change(other.id, { name: demo.name })).toThrow(taken);
  expect(change(other.id, { name: "other" }).name).toBe("other");
});

test("what is not among the shared models can be neither changed nor removed", () => {
  expect(() => catalog.existing("mdl_x")).toThrow("no such shared model");
  expect(() => catalog.remove("mdl_x")).toThrow("no such shared model");
});

test("a write that fails changes nothing in memory either", () => {
  const model = catalog.create(newModel(demo, "hf_secret"));
  database.$client.pragma("query_only = 1");
  expect(() => change(model.id, { slots: 8 }, "")).toThrow("readonly");
  expect(() => catalog.remove(model.id)).toThrow("readonly");
  expect([catalog.list(), catalog.tokenOf(model.id)]).toEqual([[model], "hf_secret"]);
  expect(heard).toBe(1);
});

test("applications see what they may ask for, in OpenAI's shape", () => {
  catalog.create(newModel(demo));
  expect(openAIList(catalog.list())).toEqual({
    object: "list",
    data: [
      { id: "hypervize-demo", object: "model", created: 1_700_000_000, owned_by: "hypervize" },
    ],
  });
});
