import { expect, test } from "bun:test";
import type { Condition } from "./alert.ts";
import { minute } from "./alerts.testbed.ts";
import { type AlertState, judge, nothing, type Verdict } from "./standing.ts";

const condition = (key: string): Condition => ({
  key,
  kind: "gpu_throttled",
  severity: "warning",
  host: { id: "host_a", name: "gpu-1" },
  gpu: null,
  title: "slow",
  detail: "It is slow.",
  advice: "Cool it.",
});

const wordsOf = ({ raised, notified_late, resolved }: Verdict): string[] => [
  ...raised.map(({ notified }) => (notified ? "notified" : "quiet")),
  ...notified_late.map(() => "notified late"),
  ...resolved.map(({ notified }) => (notified ? "over" : "over, quiet")),
];

/** Looks every ten seconds; CONDITIONS says what is there at that time. */
function watch(raise_after_ms = 5 * minute, clear_after_ms = 2 * minute) {
  let standing: AlertState = nothing;
  let ids = 0;
  let now = 0;
  const log: string[] = [];
  return {
    log,
    open: () => [...standing.open.values()],
    run(duration_ms: number, keys: (now: number) => string[], isUnknown = () => false) {
      for (const end = now + duration_ms; now < end; now += 10_000) {
        const verdict = judge(standing, {
          conditions: keys(now).map(condition),
          isUnknown,
          now,
          patienceOf: () => ({ raise_after_ms, clear_after_ms }),
          newId: () => `alr_${++ids}`,
        });
        standing = verdict.standing;
        log.push(...wordsOf(verdict).map((word) => `${now / minute}: ${word}`));
      }
    },
  };
}

test("what lasts is raised once and over once", () => {
  const { run, log } = watch();
  run(4 * minute, () => ["a"]);
  expect(log).toEqual([]);
  run(26 * minute, () => ["a"]);
  run(10 * minute, () => []);
  expect(log).toEqual(["5: notified", `${30 + 2 - 1 / 6}: over`]);
});

test("a short one is nothing, however often it comes", () => {
  const { run, log } = watch();
  for (let i = 0; i < 20; i++) {
    run(minute, () => ["a"]);
    run(minute, () => []);
  }
  expect(log).toEqual([]);
});

test("one that flickers is one alert", () => {
  const { run, log } = watch();
  run(60 * minute, (now) => ((now / 10_000) % 3 === 0 ? [] : ["a"]));
  expect(log).toHaveLength(1);
});

test("the same is reported once an hour: an alert that comes again in between is quiet, and reported late if it stays", () => {
  const { run, log } = watch(0, minute);
  run(minute, () => ["a"]);
  run(5 * minute, () => []);
  for (let i = 0; i < 5; i++) {
    run(minute, () => ["a"]);
    run(5 * minute, () => []);
  }
  expect(log.filter((line) => line.endsWith(": notified"))).toEqual(["0: notified"]);
  run(60 * minute, () => ["a"]);
  expect(log.filter((line) => !line.includes("quiet"))).toEqual([
    "0: notified",
    expect.stringMatching(/: over$/),
    expect.stringMatching(/: notified late$/),
  ]);
});

test("while nothing can be said of it, an alert stays and a new one starts over", () => {
  const { run, log, open } = watch();
  run(6 * minute, () => ["a"]);
  run(3 * minute, () => ["a", "b"]);
  run(
    60 * minute,
    () => [],
    () => true,
  );
  expect(open().map(({ key }) => key)).toEqual(["a"]);
  run(4 * minute, () => ["a", "b"]);
  expect(log).toEqual(["5: notified"]);
});

test("a hundred keys at once are a hundred alerts and no more", () => {
  const { run, log } = watch(0);
  run(10 * minute, () => Array.from({ length: 100 }, (_, i) => `k${i}`));
  expect(log).toHaveLength(100);
});
