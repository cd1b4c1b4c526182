/** Which requests an endpoint takes: by its standing, by who asks, and what is counted of them. */
import { expect, test } from "bun:test";
import type { Role } from "../../shared/access.ts";
import {
  elastic,
  endpoint,
  endpointBed,
  nobody,
  owner,
  refusal,
  replica,
} from "./endpoint.testbed.ts";
import type { RoutedEndpoint, RoutedModel } from "./routing.ts";

type Standing = RoutedEndpoint["standing"];

test.each<Standing>(["up", "updating", "draining", "waking_up", "building"])(
  "while it is %s its ready replicas serve",
  (standing) => {
    expect(endpointBed(endpoint(standing, [replica("a")])).claimed().replica.id).toBe("a");
  },
);

test.each<[Standing, string, string | undefined]>([
  ["paused", "endpoint_paused", undefined],
  ["failed", "endpoint_failed", "gated_model"],
])("while it is %s nobody is served and nobody should retry", async (standing, code, words) => {
  const cause = standing === "failed" ? "gated_model" : "";
  const bed = endpointBed(endpoint(standing, [replica("a")], { cause }));
  const failure = await refusal(bed.claimed);
  expect(failure).toMatchObject({ status: 503, code, headers: { "x-should-retry": "false" } });
  expect(failure.message).toContain(words ?? "paused");
  expect(bed.signals()).toBe(0);
});

test.each<[Standing, string, string]>([
  ["sleeping", "model_waking_up", "hold"],
  ["waking_up", "model_waking_up", "hold"],
  ["building", "model_starting", "fail"],
  ["up", "model_starting", "hold"],
  ["draining", "model_starting", "hold"],
])(
  "while it is %s without a ready replica it says %s, and by default requests %s",
  (standing, code, cold_start) => {
    const waiting = endpointBed(endpoint(standing)).waiting();
    expect(waiting.cold_start).toBe(cold_start as "hold");
    expect(waiting.refusal()).toMatchObject({ status: 503, code });
  },
);

test("retry-after is the measured wake, rounded up, or half a minute when none was measured", () => {
  const after = (wake_p95_ms: number | null) =>
    endpointBed(endpoint("sleeping", [], { wake_p95_ms }))
      .waiting()
      .refusal().headers["retry-after"];
  expect([after(12_001), after(3), after(null)]).toEqual(["13", "1", "30"]);
});

test("what is being built says so in the words of the snapshot", () => {
  const building = { ...endpoint("building"), reason: "Its weights are being downloaded." };
  expect(endpointBed(building).waiting().refusal().message).toBe(building.reason);
});

const askers: [Role, string][] = [
  ["member", "usr_owner"],
  ["member", "usr_x"],
  ["admin", "usr_x"],
  ["viewer", "usr_x"],
  ["viewer", "usr_owner"],
];

test.each<[RoutedEndpoint["visibility"], boolean[]]>([
  ["private", [true, false, true, false, false]],
  ["team", [true, true, true, false, false]],
  ["public", [true, true, true, true, true]],
])("what is %s is there for exactly those who may use it", async (visibility, allowed) => {
  const { routing } = endpointBed(endpoint("up", [replica("a")], { visibility }));
  for (const [index, [role, user_id]] of askers.entries()) {
    const asker = { role, user_id, models: null };
    const found = await Promise.allSettled([
      (async () => routing.find("mine", asker))(),
      (async () => routing.find("endpt-1", asker))(),
      (async () => routing.findEndpoint("endpt-1", asker))(),
    ]);
    const isFound = found.map(({ status }) => status === "fulfilled");
    const isListed = routing.models(asker).length === 1;
    expect([role, user_id, isListed, ...isFound]).toEqual([
      role,
      user_id,
      ...Array.from({ length: 4 }, () => allowed[index] === true),
    ]);
  }
});

test("what others may not use does not exist for them, in the same words as what is not there", async () => {
  const { routing } = endpointBed(endpoint("up", [replica("a")]));
  const stranger = { user_id: "usr_x", role: "member" as const, models: null };
  const hidden = await refusal(() => routing.find("mine", stranger));
  const missing = await refusal(() => routing.find("none", stranger));
  expect(hidden.message.replace("mine", "none")).toBe(missing.message);
  expect(hidden).toMatchObject({ status: 404, code: "model_not_found" });
});

test("what is being deleted is gone for everybody", async () => {
  const { routing, claimed } = endpointBed(endpoint("deleting", [replica("a")]));
  expect(await refusal(claimed)).toMatchObject({ status: 404 });
  expect(routing.models({ ...owner, role: "admin" })).toEqual([]);
});

test("an endpoint takes no name from the shared pool, and no path leads to the pool by an id", async () => {
  const { routing } = endpointBed(endpoint("up"));
  const shared = { ...elastic("mine"), id: "mdl_1" };
  routing.replace([shared, endpoint("up")]);
  expect(routing.find("mine", owner)).toMatchObject({ id: "mdl_1", endpoint: null });
  expect(routing.find("endpt-1", owner)).toMatchObject({ id: "endpt-1", endpoint: "endpt-1" });
  expect(await refusal(() => routing.findEndpoint("mdl_1", owner))).toMatchObject({ status: 404 });
  const viewer = { user_id: "usr_x", role: "viewer" as const, models: null };
  expect(await refusal(() => routing.find("mine", viewer))).toMatchObject({ status: 403 });
});

test("the idle clock starts with the end of the last request, by the wall clock", () => {
  const bed = endpointBed(endpoint("up", [replica("a")]));
  const demand = () => bed.routing.demand("endpt-1");
  expect(demand()).toEqual({ inflight: 0, waiting: 0, last_active_at: 0 });
  const [first, second] = [bed.claimed(), bed.claimed()];
  bed.clock.wall = 1_000;
  expect(demand()).toEqual({ inflight: 2, waiting: 0, last_active_at: 0 });
  first.release();
  bed.clock.wall = 2_000;
  first.release();
  bed.routing.replace([endpoint("up", [replica("a")])]);
  expect(demand()).toEqual({ inflight: 1, waiting: 0, last_active_at: 1_000 });
  second.release();
  expect(demand()).toEqual({ inflight: 0, waiting: 0, last_active_at: 2_000 });
  expect(bed.routing.demand("endpt-other")).toEqual({ inflight: 0, waiting: 0, last_active_at: 0 });
});

test("a replica that drains gets nothing new, and its open request counts until it ends", () => {
  const bed = endpointBed(endpoint("up", [replica("a")]));
  const open = bed.claimed();
  bed.routing.replace([endpoint("up", [replica("b")])]);
  expect([1, 2, 3].map(() => bed.claimed().replica.id)).toEqual(["b", "b", "b"]);
  expect([bed.routing.inflight("a"), bed.routing.demand("endpt-1").inflight]).toEqual([1, 4]);
  open.release();
  expect([bed.routing.inflight("a"), bed.routing.demand("endpt-1").inflight]).toEqual([0, 3]);
});

test("ten thousand endpoints are published and asked for their demand in well under a pass", () => {
  const many = Array.from(
    { length: 10_000 },
    (_, index): RoutedModel => ({
      ...endpoint("up", [replica(`rep_${index}`)]),
      id: `endpt-${index}`,
      name: `name-${index}`,
    }),
  );
  const { routing } = endpointBed(endpoint("up"));
  routing.replace(many);
  // The best of some: what else runs on this machine is not what is measured.
  let publish_ms = Number.POSITIVE_INFINITY;
  let ask_ms = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const started = performance.now();
    routing.replace(many);
    const published = performance.now();
    for (const { id } of many) routing.demand(id);
    publish_ms = Math.min(publish_ms, published - started);
    ask_ms = Math.min(ask_ms, performance.now() - published);
  }
  expect(ask_ms).toBeLessThan(20);
  expect(publish_ms).toBeLessThan(150);
  expect(routing.claim(routing.find("endpt-9999", owner), nobody)).toHaveProperty(
    "replica.id",
    "rep_9999",
  );
});
