/** Requests for an endpoint that sleeps: one wake for all of them, and what becomes of those who wait. */
import { expect, test } from "bun:test";
import { elastic, endpoint, endpointBed, refusal, replica } from "./endpoint.testbed.ts";
import type { RoutedEndpoint } from "./routing.ts";

const patient = () => new AbortController().signal;
const swallow = () => undefined;

test("500 requests are one demand, and all get a place when a replica is ready", async () => {
  const bed = endpointBed(endpoint("sleeping"));
  const waiting = Array.from({ length: 500 }, () => bed.waiting().wait(patient()));
  expect(bed.signals()).toBe(1);
  expect(bed.routing.demand("endpt-1")).toMatchObject({ inflight: 0, waiting: 500 });
  bed.routing.replace([endpoint("waking_up")]);
  bed.routing.replace([endpoint("waking_up"), elastic("demo")]);
  bed.clock.wall = 7;
  bed.routing.replace([endpoint("up", [replica("a"), replica("b")])]);
  const claims = await Promise.all(waiting);
  expect(bed.signals()).toBe(1);
  expect([bed.routing.inflight("a"), bed.routing.inflight("b")]).toEqual([250, 250]);
  expect(bed.routing.demand("endpt-1")).toEqual({ inflight: 500, waiting: 0, last_active_at: 0 });
  for (const { release } of claims) release();
  expect(bed.routing.demand("endpt-1")).toEqual({ inflight: 0, waiting: 0, last_active_at: 7 });
});

test("who falls asleep again with somebody waiting is asked again", () => {
  const bed = endpointBed(endpoint("sleeping"));
  bed.waiting().wait(patient()).catch(swallow);
  bed.routing.replace([endpoint("sleeping")]);
  expect(bed.signals()).toBe(1);
  bed.routing.replace([endpoint("waking_up")]);
  bed.routing.replace([endpoint("sleeping")]);
  expect(bed.signals()).toBe(2);
});

test("when the last one has left, the next one asks anew", async () => {
  const bed = endpointBed(endpoint("sleeping"));
  const client = new AbortController();
  const left = bed.waiting().wait(client.signal);
  client.abort("left");
  expect(bed.routing.demand("endpt-1").waiting).toBe(0);
  bed.waiting().wait(patient()).catch(swallow);
  expect(bed.signals()).toBe(2);
  expect(await left.catch(String)).toBe("left");
});

test("a knock is demand until the endpoint has heard it, and only one", () => {
  const bed = endpointBed(endpoint("sleeping"));
  const demand = () => bed.routing.demand("endpt-1").waiting;
  bed.waiting().trigger();
  bed.waiting().trigger();
  expect([bed.signals(), demand()]).toEqual([1, 1]);
  bed.routing.replace([endpoint("sleeping")]);
  expect(demand()).toBe(1);
  bed.routing.replace([endpoint("waking_up")]);
  bed.waiting().trigger();
  expect([bed.signals(), demand()]).toEqual([1, 0]);
  bed.routing.replace([endpoint("sleeping")]);
  expect(demand()).toBe(0);
});

test.each<[RoutedEndpoint["standing"], object]>([
  ["paused", { status: 503, code: "endpoint_paused" }],
  ["failed", { status: 503, code: "endpoint_failed" }],
  ["deleting", { status: 404, code: "model_not_found" }],
])("when it becomes %s, those who wait are told", async (standing, told) => {
  const bed = endpointBed(endpoint("sleeping"));
  const waiting = [1, 2].map(() => bed.waiting().wait(patient()));
  const ends = waiting.map((end) => refusal(() => end));
  bed.routing.replace([endpoint(standing)]);
  for (const end of ends) expect(await end).toMatchObject(told);
  expect(bed.routing.demand("endpt-1").waiting).toBe(0);
});

test("when it is gone from one moment to the next, those who wait are told", async () => {
  const bed = endpointBed(endpoint("waking_up"));
  const waiting = bed.waiting();
  const held = waiting.wait(patient());
  const end = refusal(() => held);
  bed.routing.replace([]);
  expect(await end).toMatchObject({ status: 404, param: "model" });
  expect(waiting.refusal()).toMatchObject({ status: 404 });
});

test("a request for what is being built may wait, and is served by the first replica", async () => {
  const bed = endpointBed(endpoint("building"));
  const held = bed.waiting().wait(patient());
  bed.routing.replace([endpoint("up", [replica("a")])]);
  expect((await held).replica.id).toBe("a");
});

test("a full room refuses with the time that a wake takes", async () => {
  const bed = endpointBed(endpoint("sleeping", [], { wake_p95_ms: 8_000 }), 2);
  for (const _ of [1, 2]) bed.waiting().wait(patient()).catch(swallow);
  const third = await refusal(() => bed.waiting().wait(patient()));
  expect(third).toMatchObject({ status: 503, code: "overloaded", headers: { "retry-after": "8" } });
  expect(bed.routing.demand("endpt-1").waiting).toBe(2);
});

test("the estimate counts down from the first request, and grows when it was wrong", () => {
  const bed = endpointBed(endpoint("sleeping", [], { wake_p95_ms: 20_000 }));
  bed.clock.steady = 5_000;
  const waiting = bed.waiting();
  waiting.wait(patient()).catch(swallow);
  const eta = (steady: number) => {
    bed.clock.steady = steady;
    return waiting.eta_ms();
  };
  expect(eta(5_000)).toBe(20_000);
  bed.routing.replace([endpoint("waking_up", [], { wake_p95_ms: 20_000 })]);
  expect([eta(15_000), eta(24_000), eta(45_000)]).toEqual([10_000, 1_900, 4_000]);
});

test("the estimate of a wake that a person started counts from there", () => {
  const bed = endpointBed(endpoint("sleeping"));
  bed.clock.steady = 50_000;
  bed.routing.replace([endpoint("waking_up")]);
  bed.clock.steady = 60_000;
  expect(bed.waiting().eta_ms()).toBe(20_000);
});

test("a listener that has stopped listening hears nothing", () => {
  const bed = endpointBed(endpoint("sleeping"));
  let heard = 0;
  bed.routing.onDemand(() => heard++)();
  bed.waiting().trigger();
  expect([bed.signals(), heard]).toEqual([1, 0]);
});

test("nobody waits for what no host can run, neither who comes nor who waits already", async () => {
  const bed = endpointBed(endpoint("waking_up"));
  const held = refusal(() => bed.waiting().wait(patient()));
  bed.routing.replace([endpoint("up", [], { unschedulable: true })]);
  expect(await held).toMatchObject({ status: 503, code: "no_capacity" });
  expect(await refusal(() => bed.waiting())).toMatchObject({ status: 503, code: "no_capacity" });
});
