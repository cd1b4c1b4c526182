/** Two endpoints that want the one GPU there is, asked in turn for an hour: they must not load each other away. */
import { expect, test } from "bun:test";
import type { Endpoint } from "../../models/endpoints/endpoint.ts";
import type { Pressure } from "./dedicated/autoscale.ts";
import {
  endpointWith,
  gpuWith,
  hostWith,
  inventoryWith,
  observedWith,
} from "./lifecycle.testbed.ts";
import { pass } from "./pass.ts";
import type { ReplicaRow } from "./world.ts";

const second = 1000;

/** A is asked at even, B at odd multiples of EVERY_S. Returns how often each was started. */
function hour(every_s: number, idle_timeout_s: number) {
  const ids = ["endpt-a", "endpt-b"] as const;
  const endpoints = new Map<string, Endpoint>(
    ids.map((id) => [
      id,
      endpointWith(
        { status: "sleeping" },
        { idle_timeout_s },
        {
          id,
          name: id,
          artifact: { runtime: "vllm", source: `hf:${id}`, context_tokens: 4096, model: null },
        },
      ),
    ]),
  );
  const starts = { "endpt-a": 0, "endpt-b": 0 };
  const demand = new Map(
    ids.map((id) => [id as string, { inflight: 0, waiting: 0, last_active_at: 0 }]),
  );
  let rows: ReplicaRow[] = [];
  let pressures: ReadonlyMap<string, Pressure> = new Map();
  for (let now = second; now < 3600 * second; now += second) {
    const turn = now / second / every_s;
    if (Number.isInteger(turn)) ask(ids[turn % 2] ?? "endpt-a", now);
    const inventory = {
      ...inventoryWith("host_a", [gpuWith()]),
      runtimes: [{ name: "vllm", version: "1", path: "/v" }],
    };
    // Whatever is wanted is ready, and whatever is not is gone, by the next second.
    const wanted = rows.filter(({ unwanted_since }) => unwanted_since === null);
    const replicas = wanted.map(({ id }) => observedWith({ id }));
    const plan = pass(
      {
        now,
        rows,
        models: [],
        endpoints: [...endpoints.values()],
        hosts: [
          hostWith("host_a", { inventory, observed: { generation: now, replicas, sources: [] } }),
        ],
        demandOf: (id) => demand.get(id) ?? { inflight: 0, waiting: 0, last_active_at: 0 },
        ttftOf: () => null,
        inflightOf: () => 0,
        fitOf: () => null,
      },
      { now, placing_timeout_ms: 1_800_000, unready_timeout_ms: 300_000 },
      pressures,
    );
    pressures = plan.pressures;
    rows = rows
      .filter(({ id }) => !plan.gone.includes(id))
      .map((row) => (plan.unwanted.includes(row.id) ? { ...row, unwanted_since: now } : row));
    const isNew = { unwanted_since: null, asleep_bytes: null };
    for (const added of plan.add) {
      starts[added.owner_id as keyof typeof starts] += 1;
      rows.push({ ...added, id: `rep_${now}`, epoch: 1, created_at: now, ...isNew });
    }
    for (const { endpoint_id, standing } of plan.changes) {
      const endpoint = endpoints.get(endpoint_id);
      if (endpoint && standing) endpoints.set(endpoint_id, { ...endpoint, standing });
    }
  }
  return { starts, endpoints };

  /** Served when it is up; else it waits, for ten seconds at most. */
  function ask(id: string, now: number): void {
    for (const [other, { waiting }] of demand) {
      if (waiting > 0 && other !== id) Object.assign(demand.get(other) ?? {}, { waiting: 0 });
    }
    const isUp = endpoints.get(id)?.standing.status === "up";
    Object.assign(
      demand.get(id) ?? {},
      isUp ? { waiting: 0, last_active_at: now } : { waiting: 1 },
    );
  }
}

test("one that is in use is not stopped for the other, which is told why", () => {
  const { starts, endpoints } = hour(10, 60);
  expect(starts).toEqual({ "endpt-a": 0, "endpt-b": 1 });
  expect(endpoints.get("endpt-a")?.standing.detail).toContain("in use");
});

test("one that falls idle makes room on its own, once per idle time and not once per request", () => {
  const { starts } = hour(40, 30);
  const changes = starts["endpt-a"] + starts["endpt-b"];
  expect(Math.min(...Object.values(starts))).toBeGreaterThan(10);
  expect(changes).toBeLessThanOrEqual(3600 / 30);
});
