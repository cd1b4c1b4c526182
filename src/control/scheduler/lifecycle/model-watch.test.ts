import { expect, test } from "bun:test";
import { specOf } from "./elastic.ts";
import { modelWith, observedWith, rowWith } from "./lifecycle.testbed.ts";
import { ModelWatch } from "./model-watch.ts";
import type { ReplicaStatus } from "./world.ts";

const model = modelWith();

function world() {
  let statuses: readonly ReplicaStatus[] = [];
  const watch = new ModelWatch({
    find: (name) => (name === model.name || name === model.id ? model : undefined),
    statuses: () => statuses,
    unplaced: () => new Map([[model.id, { cause: "no_capacity", detail: "It needs 80 GiB." }]]),
    hosts: () => [{ id: "hst_1", name: "alpha" }],
    hostProblem: () => null,
  });
  const pass = (state: "starting" | "ready") => {
    const row = rowWith({ host_id: "hst_1", owner_id: model.id, revision: 0, spec: specOf(model) });
    statuses = [{ row, state, observed: observedWith({ id: row.id, state }) }];
    watch.changed();
  };
  return { watch, pass };
}

test("who waits for a model goes on with the pass that finds it ready, and not before", async () => {
  const { watch, pass } = world();
  const seen: string[] = [];
  const ready = watch.ready(model.name, new AbortController().signal).then(() => seen.push("up"));
  pass("starting");
  await Promise.resolve();
  expect(seen).toEqual([]);
  pass("ready");
  await ready;
  expect(seen).toEqual(["up"]);
});

test("who gives up waiting learns what is wrong with the model", async () => {
  const { watch } = world();
  const patience = new AbortController();
  const ready = watch.ready(model.name, patience.signal);
  patience.abort();
  await expect(ready).rejects.toThrow("It needs 80 GiB.");
});

test("places are told with the names of their hosts", () => {
  const { watch, pass } = world();
  pass("ready");
  expect(watch.statusOf(model.id).placement).toMatchObject([
    { host_id: "hst_1", host_name: "alpha" },
  ]);
});
