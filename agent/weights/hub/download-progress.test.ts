import { expect, test } from "bun:test";
import type { Download } from "../../replicas/replica.ts";
import { Flights } from "./blob-flights.ts";
import { ProgressWatch, Rate } from "./download-progress.ts";
import { hubBench, testBytes } from "./hub-weights.testbed.ts";

test("a rate is that of the last five seconds, without the time before the first byte", () => {
  const rate = new Rate();
  const counts = [0, 0, 0, 100, 200, 300, 400, 500, 500, 500, 500, 500, 500, 500, 600];
  const rates = counts.map((count, second) => rate.perSecond(second * 1000, count));
  expect(rates).toEqual([0, 0, 0, 100, 100, 100, 100, 100, 80, 60, 40, 20, 0, 0, 100]);
});

test("a rate over no time is none", () => {
  const rate = new Rate();
  expect([rate.perSecond(5, 9), rate.perSecond(5, 99)]).toEqual([0, 0]);
});

test("what lay on the disk already counts as progress and not as speed", () => {
  const told: Download[] = [];
  const flight = new Flights().join("/blob", 1000, 400);
  flight.arrived = 50;
  let now_ms = 0;
  const watch = new ProgressWatch(
    (download) => told.push(download),
    3_600_000,
    () => now_ms,
  );
  watch.follow(flight);
  flight.received = 600;
  flight.arrived = 250;
  now_ms = 1000;
  watch.look();
  watch.look();
  watch.end();
  expect(told).toEqual([
    { downloaded_bytes: 0, download_bytes: 0, download_bytes_per_s: 0 },
    { downloaded_bytes: 600, download_bytes: 1000, download_bytes_per_s: 200 },
  ]);
});

test("a download tells its start at once and grows; what lies here tells nothing", async () => {
  const bench = await hubBench({ "org/repo": { files: { "m.gguf": testBytes(500_000) } } });
  try {
    bench.hub.bytes_per_s = 2_500_000;
    const told: Download[] = [];
    const tell = (download: Download) => told.push(download);
    await bench.get({ source: "hf:org/repo", tell });
    expect(told[0]?.download_bytes).toBe(0);
    expect(told.at(-1)?.download_bytes).toBe(500_000);
    const bytes = told.map(({ downloaded_bytes }) => downloaded_bytes);
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
    expect(
      Math.max(...told.map(({ download_bytes_per_s }) => download_bytes_per_s)),
    ).toBeGreaterThan(0);
    told.length = 0;
    await bench.get({ source: "hf:org/repo", tell });
    expect(told).toEqual([]);
  } finally {
    await bench.close();
  }
});
