import { beforeEach, expect, test } from "bun:test";
import { type Database, openDatabase } from "../../storage/database.ts";
import type { Artifact } from "../resolution/artifact.ts";
import { changeOf, decide, endpointsIn, newEndpoint, specWith } from "./endpoints.testbed.ts";
import type { Endpoints } from "./endpoints.ts";

let database: Database;
let endpoints: Endpoints;
let heard: number;
let now: number;

beforeEach(() => {
  now = 5000;
  heard = 0;
  database = openDatabase(":memory:");
  endpoints = endpointsIn(database, () => now);
  endpoints.onChange(() => {
    heard += 1;
  });
});

const artifact = (source: string): Artifact => ({
  runtime: "llama-server",
  source,
  context_tokens: 512,
  model: null,
});

test("a new endpoint is building, is found by id and by name, and is the same after a restart", () => {
  const spec = specWith({ min_replicas: 2, max_replicas: 3, env: { A: "1" } });
  const made = endpoints.create(newEndpoint("chat", { spec }));
  expect(made.id).toMatch(/^endpt-[0-9A-Za-z]{20}$/);
  expect(made).toMatchObject({ revision: 1, previous: null, created_at: 5000, spec });
  expect(made.standing).toMatchObject({ status: "building", intent: "run", target: 2 });
  const reopened = endpointsIn(database);
  for (const each of [endpoints, reopened]) {
    expect(each.find(made.id)).toEqual(made);
    expect(each.find("chat")).toEqual(made);
    expect(each.find("other")).toBeUndefined();
    expect(each.list()).toEqual([made]);
  }
});

test("its first event says that it was provisioned", () => {
  const { id } = endpoints.create(newEndpoint("chat"));
  expect(endpoints.events(id, { limit: 9, before: null })).toEqual([
    { id: 1, at: 5000, from: "", to: "building", reason: "provisioned", detail: "" },
  ]);
});

test("values are frozen", () => {
  const { standing, spec } = endpoints.create(newEndpoint("chat"));
  expect(() => Object.assign(standing, { status: "up" })).toThrow();
  expect(() => Object.assign(spec, { model: "x" })).toThrow();
});

test("a name is taken once, also by renaming", () => {
  endpoints.create(newEndpoint("chat"));
  const other = endpoints.create(newEndpoint("other"));
  const taken = expect.objectContaining({ status: 409, code: "endpoint_exists", param: "name" });
  expect(() => endpoints.create(newEndpoint("chat"))).toThrow(taken);
  expect(() => endpoints.update(other.id, { name: "chat" })).toThrow(taken);
  expect(endpoints.update(other.id, { name: "third" }).name).toBe("third");
  expect(endpointsIn(database).find("third")?.id).toBe(other.id);
});

test("what is run makes a new revision and keeps the one before; other changes do not", () => {
  const first = endpoints.create(newEndpoint("chat"));
  expect(endpoints.update("chat", { spec: specWith({ max_replicas: 9 }) })).toMatchObject({
    revision: 1,
    previous: null,
  });
  const spec = specWith({ context: 512 });
  const second = endpoints.update("chat", { spec, artifact: artifact("hf:b") });
  expect(second).toMatchObject({ revision: 2, spec });
  expect(second.previous).toMatchObject({ revision: 1, artifact: first.artifact });
  const third = endpoints.update("chat", { artifact: artifact("hf:c") });
  expect([third.revision, third.previous]).toEqual([3, second.previous]);
  expect(endpointsIn(database).list()).toEqual([third]);
});

test("the revision before an update is kept, dropped or restored as the lifecycle says", () => {
  endpoints.create(newEndpoint("chat"));
  const renew = () => endpoints.update("chat", { artifact: artifact("hf:new") });
  const after = (previous: "keep" | "drop" | "restore") => {
    decide(database, endpoints, [changeOf(renew(), { status: "up" }, { previous })]);
    const endpoint = endpoints.existing("chat");
    expect(endpointsIn(database).list()).toEqual([endpoint]);
    return [endpoint.revision, endpoint.previous?.revision, endpoint.artifact.source];
  };
  expect(after("keep")).toEqual([2, 1, "hf:new"]);
  expect(after("restore")).toEqual([1, undefined, "builtin:hypervize-demo"]);
  expect(after("drop")).toEqual([2, undefined, "hf:new"]);
});

test("an intent is kept over a restart; a wake says when it was asked for", () => {
  const { id } = endpoints.create(newEndpoint("chat"));
  now = 6000;
  expect(endpoints.setIntent(id, "run", true).standing.wake_asked_at).toBe(6000);
  expect(endpoints.setIntent("chat", "pause").standing).toMatchObject({
    intent: "pause",
    wake_asked_at: null,
    status: "building",
  });
  expect(endpointsIn(database).find(id)).toEqual(endpoints.existing(id));
});

test("a failed one that is to be retried runs and wakes with the change", () => {
  const { id } = endpoints.create(newEndpoint("chat"));
  endpoints.setIntent(id, "sleep");
  const { standing } = endpoints.update(id, { artifact: artifact("hf:b"), retry: true });
  expect(standing).toMatchObject({ intent: "run", wake_asked_at: 5000 });
});

test("listeners hear of every change after it is committed, and of no refused one", () => {
  endpoints.onChange(() => expect(endpointsIn(database).list()).toEqual(endpoints.list()));
  const made = endpoints.create(newEndpoint("chat"));
  expect(() => endpoints.create(newEndpoint("chat"))).toThrow();
  endpoints.setIntent(made.id, "pause");
  decide(database, endpoints, [changeOf(made, { status: "paused" })]);
  endpoints.keep([]);
  expect(heard).toBe(3);
});

test("a write that fails changes nothing in memory either", () => {
  const made = endpoints.create(newEndpoint("chat"));
  database.$client.pragma("query_only = 1");
  expect(() => endpoints.setIntent(made.id, "pause")).toThrow("readonly");
  expect(() => endpoints.update(made.id, { name: "other" })).toThrow("readonly");
  expect(() => endpoints.create(newEndpoint("third"))).toThrow("readonly");
  expect(endpoints.list()).toEqual([made]);
  expect(heard).toBe(1);
});

test("the token is nowhere in the database or in values, opens after a restart, and can be cleared", () => {
  const made = endpoints.create(newEndpoint("chat", { hf_token: "hf_secret" }));
  expect(JSON.stringify([made, database.$client.serialize().toString("latin1")])).not.toContain(
    "hf_secret",
  );
  expect(endpointsIn(database).tokenOf(made.id)).toBe("hf_secret");
  endpoints.update(made.id, { hf_token: "hf_other" });
  endpoints.update(made.id, { name: "renamed" });
  expect(endpointsIn(database).tokenOf(made.id)).toBe("hf_other");
  endpoints.update(made.id, { hf_token: "" });
  for (const each of [endpoints, endpointsIn(database)]) {
    expect([each.tokenOf(made.id), each.hasToken(made.id)]).toEqual(["", false]);
  }
});

test("a token that another key sealed counts as none and stops nobody", () => {
  const { id } = endpoints.create(newEndpoint("chat", { hf_token: "hf_secret" }));
  const elsewhere = endpointsIn(database, () => now, new Uint8Array(32).fill(7));
  expect([elsewhere.tokenOf(id), elsewhere.hasToken(id)]).toEqual(["", true]);
  expect(elsewhere.tokenOf("mdl_elastic")).toBe("");
});
