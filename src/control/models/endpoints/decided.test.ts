/** What the lifecycle writes through `Endpoints`. */
import { beforeEach, expect, test } from "bun:test";
import { type Database, openDatabase } from "../../storage/database.ts";
import { events_kept } from "./endpoint-rows.ts";
import { changeOf, decide, endpointsIn, newEndpoint } from "./endpoints.testbed.ts";
import type { Endpoints } from "./endpoints.ts";
import type { Change, Transition } from "./status.ts";

let database: Database;
let endpoints: Endpoints;

beforeEach(() => {
  database = openDatabase(":memory:");
  endpoints = endpointsIn(database);
});

const transition: Transition = { at: 1, from: "building", to: "up", reason: "ready", detail: "" };

function woken(duration_ms: number, depth: "stopped" | "l1" = "stopped"): Change {
  return changeOf(endpoints.existing("chat"), {}, { wake: { depth, duration_ms } });
}

test("a transition moves the endpoint and leaves an event, newest first and page by page", () => {
  const made = endpoints.create(newEndpoint("chat"));
  for (const to of ["up", "sleeping", "waking_up"] as const) {
    const change = changeOf(made, { status: to }, { transition: { ...transition, to } });
    decide(database, endpoints, [change]);
  }
  const page = endpoints.events(made.id, { limit: 2, before: null });
  expect(page.map(({ to }) => to)).toEqual(["waking_up", "sleeping"]);
  const rest = endpoints.events(made.id, { limit: 9, before: page.at(-1)?.id ?? 0 });
  expect(rest.map(({ to }) => to)).toEqual(["up", "building"]);
  expect(endpoints.existing("chat").standing.status).toBe("waking_up");
  expect(endpointsIn(database).list()).toEqual(endpoints.list());
});

test("nothing is remembered of a transaction that was rolled back", () => {
  const made = endpoints.create(newEndpoint("chat"));
  const change = changeOf(made, { status: "up" }, { transition });
  expect(() =>
    database.transaction(() => {
      endpoints.write([change]);
      throw new Error("disk full");
    }),
  ).toThrow("disk full");
  expect(endpoints.existing("chat")).toBe(made);
  expect(endpoints.events(made.id, { limit: 9, before: null })).toHaveLength(1);
});

test("an endpoint that is gone leaves its events, and its name to others", () => {
  const made = endpoints.create(newEndpoint("chat", { hf_token: "hf_x" }));
  decide(database, endpoints, [woken(10)]);
  decide(database, endpoints, [{ ...changeOf(made), standing: null, transition }]);
  expect([endpoints.list(), endpointsIn(database).list()]).toEqual([[], []]);
  expect([endpoints.tokenOf(made.id), endpoints.wakeTimes(made.id)]).toEqual(["", null]);
  expect(endpoints.events(made.id, { limit: 9, before: null })).toHaveLength(2);
  expect(endpoints.create(newEndpoint("chat")).id).not.toBe(made.id);
  decide(database, endpoints, [changeOf(made)]);
  expect(endpoints.list()).toHaveLength(1);
});

test("the last 20 wakes tell how long a wake takes, after a restart too", () => {
  const { id } = endpoints.create(newEndpoint("chat"));
  expect(endpoints.wakeTimes(id)).toBeNull();
  for (let ms = 1; ms <= 30; ms++) decide(database, endpoints, [woken(ms * 100)]);
  for (const each of [endpoints, endpointsIn(database)]) {
    expect(each.wakeTimes(id)).toEqual({
      depth: "stopped",
      count: 20,
      p50_ms: 2000,
      p95_ms: 2900,
    });
  }
  const rows = database.$client.prepare("select count(*) as rows from endpoint_wakes").get();
  expect(rows).toEqual({ rows: 20 });
  decide(database, endpoints, [woken(7, "l1")]);
  expect(endpoints.wakeTimes(id)).toEqual({ depth: "l1", count: 1, p50_ms: 7, p95_ms: 7 });
});

test("an endpoint keeps its newest 10,000 events, also when a restart came in between", () => {
  const made = endpoints.create(newEndpoint("chat"));
  const other = endpoints.create(newEndpoint("other"));
  const change = changeOf(made, {}, { transition });
  const add = (each: Endpoints, count: number) =>
    database.transaction(() => each.write(Array.from({ length: count }, () => change)));
  add(endpoints, events_kept - 1);
  const count = (id: string) => endpoints.events(id, { limit: 20_000, before: null }).length;
  expect(count(made.id)).toBe(events_kept);
  add(endpointsIn(database), 5);
  expect(count(made.id)).toBe(events_kept);
  expect(endpoints.events(made.id, { limit: 20_000, before: null }).at(-1)?.reason).toBe("ready");
  expect(count(other.id)).toBe(1);
});

test("10,000 changes are written in well under a second", () => {
  const changes = Array.from({ length: 10_000 }, (_, i) => {
    const made = endpoints.create(newEndpoint(`chat-${i}`));
    return changeOf(made, { status: "up" }, { transition });
  });
  const started_at = performance.now();
  decide(database, endpoints, changes);
  expect(performance.now() - started_at).toBeLessThan(2000);
  expect(endpoints.list().every(({ standing }) => standing.status === "up")).toBe(true);
});
