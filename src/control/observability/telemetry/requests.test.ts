import { expect, test } from "bun:test";
import { geometric, Histogram } from "./histogram.ts";
import { type Measured, Requests } from "./requests.ts";

const measured = (changes: Partial<Measured> = {}): Measured => ({
  model: "demo",
  endpoint: null,
  overhead_ms: 1,
  ttft_ms: 20,
  duration_ms: 100,
  inter_token_ms_mean: 5,
  status: 200,
  prompt_tokens: 3,
  completion_tokens: 7,
  ...changes,
});

/** Strict: every line is a comment or one sample of a family that was declared. */
function parsed(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  let declared = "";
  for (const line of text.trimEnd().split("\n")) {
    const type = /^# TYPE (\w+) (?:counter|gauge|histogram)$/.exec(line);
    if (type) declared = type[1] ?? "";
    if (line.startsWith("#")) continue;
    const sample = /^(\w+)(\{(?:\w+="(?:[^"\\\n]|\\[\\n"])*",?)*\})? (\S+)$/.exec(line);
    expect(sample, line).not.toBeNull();
    expect(sample?.[1]).toStartWith(declared);
    expect(samples.has(`${sample?.[1]}${sample?.[2] ?? ""}`), line).toBe(false);
    samples.set(`${sample?.[1]}${sample?.[2] ?? ""}`, Number(sample?.[3]));
  }
  return samples;
}

test("requests are counted by model, endpoint and status, tokens by kind", () => {
  const requests = new Requests();
  for (const status of [200, 200, 503]) requests.observe(measured({ status }));
  requests.observe(measured({ model: "chat", endpoint: "endpt-1" }));
  const samples = parsed(requests.families().join(""));
  const total = (labels: string) => samples.get(`hypervize_requests_total{${labels}}`);
  expect(total('model="demo",endpoint="",status="200"')).toBe(2);
  expect(total('model="demo",endpoint="",status="503"')).toBe(1);
  expect(total('model="chat",endpoint="endpt-1",status="200"')).toBe(1);
  expect(samples.get('hypervize_tokens_total{model="demo",endpoint="",kind="completion"}')).toBe(
    21,
  );
});

test("a histogram's buckets add up, and a quote in a name breaks nothing", () => {
  const requests = new Requests();
  const model = 'we"ird\\name';
  for (const ttft_ms of [1, 1000, 5_000_000, null]) requests.observe(measured({ model, ttft_ms }));
  const samples = parsed(requests.families().join(""));
  const labels = String.raw`model="we\"ird\\name",endpoint=""`;
  expect(samples.get(`hypervize_ttft_seconds_bucket{${labels},le="+Inf"}`)).toBe(3);
  expect(samples.get(`hypervize_ttft_seconds_count{${labels}}`)).toBe(3);
  expect(samples.get(`hypervize_ttft_seconds_bucket{${labels},le="0.001"}`)).toBe(1);
  expect(samples.get(`hypervize_ttft_seconds_sum{${labels}}`)).toBeCloseTo(5001.001);
});

test("what a client makes up is no label, and the number of series is bounded", () => {
  const requests = new Requests();
  requests.observe(measured({ model: "" }));
  for (let i = 0; i < 10_100; i++) requests.observe(measured({ model: `m${i}` }));
  const text = requests.families().join("");
  expect(text.match(/^hypervize_requests_total\{/gm)?.length).toBeLessThan(10_010);
  expect(text).toContain('model="unknown"');
});

test("a percentile is at most one bucket wrong", () => {
  const histogram = new Histogram(geometric(1, 10_000, 1.1));
  const values = Array.from({ length: 1000 }, (_, i) => 1 + ((i * 7919) % 1000) * 3);
  for (const value of values) histogram.observe(value);
  const sorted = values.toSorted((a, b) => a - b);
  for (const q of [0.5, 0.95, 0.99]) {
    const exact = sorted[Math.ceil(q * 1000) - 1] ?? 0;
    expect(Math.abs((histogram.quantile(q) ?? 0) - exact)).toBeLessThan(exact * 0.11);
  }
  expect(new Histogram([1]).quantile(0.5)).toBeNull();
});

test("observing a request is cheap", () => {
  const requests = new Requests();
  const one = measured();
  for (let i = 0; i < 20_000; i++) requests.observe(one);
  const from = performance.now();
  for (let i = 0; i < 100_000; i++) requests.observe(one);
  // Under a microsecond on a quiet machine.
  expect((performance.now() - from) / 100_000).toBeLessThan(0.005);
});
