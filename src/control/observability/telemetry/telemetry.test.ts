import { expect, test } from "bun:test";
import { openDatabase } from "../../storage/database.ts";
import type { Snapshot } from "./gauges.ts";
import type { Measured } from "./requests.ts";
import { Telemetry } from "./telemetry.ts";

const hour = 3_600_000;
const noon = 20_000 * 24 * hour;
const empty: Snapshot = { endpoints: [], replicas: [], hosts: [], inflight: 0, samples: [] };

function telemetry(snapshot: Partial<Snapshot> = {}, database = openDatabase(":memory:")) {
  /** What the wall clock is wrong by is in AHEAD. */
  const clock = { now: noon, ahead: 0 };
  const reported: unknown[] = [];
  const it = new Telemetry(database, {
    now: () => clock.now + clock.ahead,
    steady: () => clock.now,
    snapshot: () => ({ ...empty, ...snapshot }),
    retention: () => ({ raw_hours: 24, minute_days: 30, hour_days: 365 }),
    report: (error) => reported.push(error),
  });
  return { it, clock, database, reported };
}

const request = (changes: Partial<Measured> = {}): Measured => ({
  model: "chat",
  endpoint: "endpt-1",
  overhead_ms: 1,
  ttft_ms: 200,
  duration_ms: 900,
  inter_token_ms_mean: 5,
  status: 200,
  prompt_tokens: 30,
  completion_tokens: 70,
  ...changes,
});

const seriesOf = (
  it: Telemetry,
  metric: string,
  resolution: "raw" | "minute" | "hour",
  from = noon - hour,
) => {
  const query = { metrics: [metric], resolution, from, to: noon + 400 * 24 * hour };
  return it.seriesFor("endpt-1", query).series[0]?.points ?? [];
};

test("ten seconds of requests become rates and percentiles", () => {
  const { it, clock } = telemetry();
  for (const status of [200, 200, 500, 499]) it.observeRequest(request({ status }));
  clock.now += 10_000;
  it.tick();
  const value = (metric: string) => seriesOf(it, metric, "raw")[0]?.[1];
  expect(value("requests_per_s")).toBe(0.4);
  expect(value("errors_per_s")).toBe(0.1);
  expect(value("completion_tokens_per_s")).toBe(28);
  expect(value("ttft_p95_ms")).toBeGreaterThan(180);
  expect(value("ttft_p95_ms")).toBeLessThan(220);
});

test("what sleeps writes nothing", () => {
  const { it, clock, database } = telemetry();
  for (let i = 0; i < 10; i++) {
    clock.now += 10_000;
    it.tick();
  }
  expect(database.$client.prepare("select count(*) as n from samples").get()).toEqual({ n: 0 });
});

test("minutes and hours say what the samples of their time say", () => {
  const samples: { subject: string; metric: string; value: number }[] = [];
  const { it, clock } = telemetry({ samples });
  const raw: [number, number][] = [];
  for (let i = 0; i < 720; i++) {
    clock.now = noon + i * 10_000;
    const value = (i * 7919) % 101;
    raw.push([clock.now, value]);
    samples.splice(0, 1, { subject: "endpt-1", metric: "inflight", value });
    it.tick();
  }
  for (const [resolution, length] of [
    ["minute", 60_000],
    ["hour", hour],
  ] as const) {
    const groups = Map.groupBy(raw, ([at]) => Math.floor(at / length) * length);
    const expected = [...groups].map(([at, found]) => {
      const values = found.map(([, value]) => value);
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      return [at, mean, Math.min(...values), Math.max(...values)];
    });
    expect(seriesOf(it, "inflight", resolution)).toEqual(expected as never);
  }
});

test("a moment is counted once, also when the clock goes back or the process starts again", () => {
  const samples = [{ subject: "endpt-1", metric: "inflight", value: 4 }];
  const first = telemetry({ samples });
  first.it.tick();
  first.clock.now += 3_000;
  first.it.tick();
  const second = telemetry({ samples }, first.database);
  second.it.tick();
  const row = first.database.$client.prepare("select count from samples where resolution = 'hour'");
  expect(row.all()).toEqual([{ count: 1 }]);
});

test("what is too old goes, each resolution in its own time", () => {
  const samples = [{ subject: "endpt-1", metric: "inflight", value: 1 }];
  const { it, clock } = telemetry({ samples });
  it.tick();
  samples.length = 0;
  const left = () =>
    (["raw", "minute", "hour"] as const).map((r) => seriesOf(it, "inflight", r).length);
  clock.now = noon + 25 * hour;
  it.tick();
  expect(left()).toEqual([0, 1, 1]);
  clock.now = noon + 32 * 24 * hour;
  it.tick();
  expect(left()).toEqual([0, 0, 1]);
  clock.now = noon + 366 * 24 * hour;
  it.tick();
  expect(left()).toEqual([0, 0, 0]);
});

test("the resolution follows the span, so that a plot has at most 720 points", () => {
  const { it } = telemetry();
  const over = (span: number) =>
    it.seriesFor("", { metrics: [], resolution: "auto", from: noon - span, to: noon }).resolution;
  expect([over(hour), over(12 * hour), over(24 * hour)]).toEqual(["raw", "minute", "hour"]);
});

test("the recent time to first token needs a few requests, and is forgotten after a minute", () => {
  const { it } = telemetry();
  for (let i = 0; i < 4; i++) it.observeRequest(request({ ttft_ms: 9000 }));
  expect(it.recentTtft("endpt-1")).toBeNull();
  it.observeRequest(request({ ttft_ms: 9000 }));
  expect(it.recentTtft("endpt-1")).toBeGreaterThan(8000);
  for (let i = 0; i < 7; i++) it.tick();
  expect(it.recentTtft("endpt-1")).toBeNull();
});

test("a database that cannot be written to costs samples and nothing else", () => {
  const samples = [{ subject: "", metric: "inflight", value: 1 }];
  const { it, database, reported } = telemetry({ samples });
  database.$client.close();
  it.tick();
  expect(reported).toHaveLength(1);
});

test("gauges say what is so now", () => {
  const { it } = telemetry({
    endpoints: [{ id: "endpt-1", name: "chat", status: "sleeping", inflight: 0, waiting: 2 }],
    hosts: [
      { name: "a", up: true, heartbeat_age_s: 1.5, weights: null, gpus: [], xids: [] },
      { name: "b", up: false, heartbeat_age_s: null, weights: null, gpus: [], xids: [] },
    ],
    replicas: [{ state: "ready", count: 3 }],
  });
  it.observeWake("stopped", 150);
  const text = it.exposition();
  for (const line of [
    'hypervize_endpoint_state{endpoint="chat",state="sleeping"} 1',
    'hypervize_waiting{endpoint="chat"} 2',
    'hypervize_host_up{host="b"} 0',
    'hypervize_heartbeat_age_seconds{host="a"} 1.5',
    'hypervize_replicas{state="ready"} 3',
    'hypervize_wake_seconds_count{depth="stopped"} 1',
  ]) {
    expect(text).toContain(`${line}\n`);
  }
});

test("a clock that is set while requests are counted changes no rate", () => {
  const { it, clock } = telemetry();
  const rates = [0, -5, 7].map((step) => {
    clock.ahead += step * 60_000;
    clock.now += 10_000;
    for (let n = 0; n < 20; n++) it.observeRequest(request());
    it.tick();
    const at = clock.now + clock.ahead;
    return seriesOf(it, "requests_per_s", "raw").find((point) => point[0] === at)?.[1];
  });
  expect(rates).toEqual([2, 2, 2]);
});
