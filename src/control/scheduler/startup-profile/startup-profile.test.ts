import { beforeEach, expect, test } from "bun:test";
import { type Database, openDatabase } from "../../storage/database.ts";
import { observedWith } from "../lifecycle/lifecycle.testbed.ts";
import type { Configuration } from "../sizing/measured.ts";
import { Ledger, type ReadyReplica } from "./startup-profile.ts";

const gib = 2 ** 30;
const h100 = "NVIDIA H100 80GB HBM3";
const source = "hf:org/model@0123abc:q4_k_m.gguf";
let database: Database;
let ledger: Ledger;

beforeEach(() => {
  database = openDatabase(":memory:");
  ledger = new Ledger(database);
});

const card = (uuid: string) => ({ uuid, name: h100 });

/** A replica that has become ready on one of two H100s. */
function ready(
  changes: Partial<ReadyReplica["observed"]> = {},
  spec: Partial<ReadyReplica["spec"]> = {},
): ReadyReplica {
  const observed = observedWith({
    started_at_ms: 1000,
    ready_after_ms: 48_000,
    gpu_memory_bytes: 10 * gib,
    memory_bytes: gib,
    ...changes,
  });
  return {
    id: observed.id,
    owner_id: "endpt-1",
    epoch: 1,
    observed,
    spec: {
      model: "m",
      runtime: "llama-server",
      source,
      context_tokens: 8192,
      slots: 4,
      args: [],
      env: {},
      devices: ["GPU-a"],
      ...spec,
    },
    inventory: {
      gpus: [card("GPU-a"), card("GPU-b")],
      runtimes: [{ name: "llama-server", version: "b1", path: "" }],
    } as unknown as ReadyReplica["inventory"],
  };
}

const asked = (changes: Partial<Configuration> = {}): Configuration => ({
  source,
  runtime: "llama-server",
  context: 8192,
  slots: 4,
  gpu: h100,
  gpus: 1,
  args: [],
  env: {},
  ...changes,
});

test("a start is counted once, however often its host tells of it, and its peak grows", () => {
  ledger.record([ready()]);
  ledger.record([ready()]);
  ledger.record([ready({ gpu_memory_bytes: 12 * gib })]);
  ledger.record([ready({ gpu_memory_bytes: 11 * gib })]);
  expect(ledger.find(asked())).toEqual({
    gpu: h100,
    gpus: 1,
    context_tokens: 8192,
    concurrency: 4,
    context: 8192,
    slots: 4,
    count: 1,
    last_at: 1000,
    gpu_bytes: 12 * gib,
    memory_bytes: gib,
    start_p50_ms: 48_000,
    start_p95_ms: 48_000,
  });
});

test("what was not measured yet is counted when it is", () => {
  ledger.record([ready({ gpu_memory_bytes: 0, memory_bytes: 0 })]);
  expect(ledger.list()).toEqual([]);
  ledger.record([ready()]);
  expect(ledger.find(asked())?.count).toBe(1);
});

test("a restart of the appliance forgets nothing and counts nothing twice", () => {
  ledger.record([ready(), ready({ id: "rep_2", started_at_ms: 2000, ready_after_ms: 50_000 })]);
  const before = ledger.list();
  ledger = new Ledger(database);
  expect(ledger.list()).toEqual(before);
  ledger.record([ready()]);
  expect(ledger.list()).toEqual(before);
  expect(before).toMatchObject([{ count: 2, start_p50_ms: 48_000, start_p95_ms: 50_000 }]);
});

test.each<[string, Partial<Configuration>]>([
  ["another context", { context: 4096 }],
  ["other requests at once", { slots: 8 }],
  ["another runtime", { runtime: "vllm" }],
  ["another card", { gpu: "NVIDIA L4" }],
  ["two cards", { gpus: 2 }],
  ["processors", { gpu: "cpu", gpus: 0 }],
  ["arguments", { args: ["--flash-attn"] }],
  ["variables", { env: { A: "1" } }],
  ["another revision", { source: "hf:org/model@4567def:q4_k_m.gguf" }],
  ["another file", { source: "hf:org/model:q8_0.gguf" }],
])("%s: nothing was measured", (_, changes) => {
  ledger.record([ready()]);
  expect(ledger.find(asked(changes))).toBeNull();
});

test("who names no revision, no card and no runtime hears of what ran last", () => {
  ledger.record([ready(), ready({ id: "rep_2", started_at_ms: 9000 }, { devices: ["cpu"] })]);
  const { runtime: _, ...any } = asked({
    source: "hf:org/model:q4_k_m.gguf",
    gpu: null,
    gpus: null,
  });
  expect(ledger.find(any)).toMatchObject({ gpu: "cpu", gpus: 0, last_at: 9000 });
  expect(ledger.find({ ...any, gpu: "H100-80" })).toMatchObject({ gpu: h100, gpus: 1 });
});

test("of several builds the most that any of them took counts", () => {
  ledger.record([ready({ gpu_memory_bytes: 20 * gib })]);
  const newer = ready({ id: "rep_2", started_at_ms: 2000 });
  newer.inventory.runtimes[0] = { name: "llama-server", version: "b2", path: "" };
  ledger.record([newer]);
  expect(ledger.list().map(({ runtime_version }) => runtime_version)).toEqual(["b2", "b1"]);
  expect(ledger.find(asked())).toMatchObject({ gpu_bytes: 20 * gib, count: 2, last_at: 2000 });
});

test("a wake is counted with the configuration that its endpoint is ready in next", () => {
  ledger.woke("endpt-1", { depth: "stopped", duration_ms: 50_000 });
  ledger.woke("endpt-2", { depth: "stopped", duration_ms: 1 });
  ledger.record([ready()]);
  expect(ledger.list()[0]?.wakes).toEqual([
    { depth: "stopped", count: 1, p50_ms: 50_000, p95_ms: 50_000 },
  ]);
});

test("variables are not kept, since they may hold secrets", () => {
  ledger.record([ready({}, { env: { TOKEN: "quoxomb" } })]);
  expect(JSON.stringify(ledger.list())).not.toContain("quoxomb");
  expect(ledger.find(asked({ env: { TOKEN: "quoxomb" } }))?.count).toBe(1);
});
