import { expect, test } from "bun:test";
import { openDatabase } from "../../storage/database.ts";
import type { Notice } from "../notify/notice.ts";
import { gib, gpuOf, hostOf, hour, minute, sampleOf, thresholds } from "./alerts.testbed.ts";
import { Alerts } from "./alerts.ts";
import { ExpectedGpus } from "./expected-gpus.ts";
import type { WatchedHost } from "./watched.ts";

const start = 1_800_000_000_000;

function world(database = openDatabase(":memory:"), now = start) {
  const notified: Notice[] = [];
  let changes = 0;
  const parts = {
    thresholds: () => thresholds,
    tell: (notice: Notice) => void notified.push(notice),
    changed: () => {
      changes += 1;
    },
  };
  const alerts = new Alerts(database, parts, now);
  const clock = { now };
  const run = (duration_ms: number, host: Partial<WatchedHost> | null) => {
    for (const end = clock.now + duration_ms; clock.now < end; clock.now += 5000) {
      alerts.observe(host ? [hostOf(host)] : [], clock.now);
    }
  };
  return { alerts, notified, run, database, clock, changes: () => changes };
}

const kinds = (notified: readonly Notice[]) =>
  notified.map((notice) =>
    "alert" in notice ? `${notice.kind} ${notice.alert.kind}` : notice.kind,
  );
const silent = { sight: "silent", silence: "gpu-1 has been silent for a minute." } as const;

test("a lost GPU is reported once, shown while it is gone, and reported when it is back", () => {
  const { alerts, notified, run, changes } = world();
  run(minute, {});
  run(10 * minute, { samples: [sampleOf(0)] });
  expect(kinds(notified)).toEqual(["alert_raised gpu_lost"]);
  expect(alerts.open()).toMatchObject([
    { kind: "gpu_lost", host: { id: "host_a", name: "gpu-1" }, gpu: { index: 1 }, notified: true },
  ]);
  run(10 * minute, {});
  expect(kinds(notified)).toEqual(["alert_raised gpu_lost", "alert_resolved gpu_lost"]);
  expect([alerts.open(), changes()]).toEqual([[], 2]);
});

test("a host that falls silent is reported as down, and what else was open waits for it", () => {
  const { alerts, notified, run } = world();
  run(minute, { samples: [sampleOf(0, { ecc_uncorrected: 1 }), sampleOf(1)] });
  run(minute, silent);
  run(minute, { sight: "unclear" });
  expect(alerts.open().map(({ kind }) => kind)).toEqual(["host_down", "gpu_ecc"]);
  run(2 * minute, { samples: [sampleOf(0, { ecc_uncorrected: 1 }), sampleOf(1)] });
  expect(kinds(notified)).toEqual(["alert_raised gpu_ecc", "host_down", "host_up"]);
  expect(notified[1]).toMatchObject({ detail: silent.silence });
});

test("after a restart what is open is not reported again, and what ended meanwhile is reported as over", () => {
  const first = world();
  first.run(minute, { samples: [sampleOf(0, { ecc_uncorrected: 1 }), sampleOf(1)] });
  first.run(minute, silent);
  const second = world(first.database, first.clock.now);
  expect(second.alerts.open()).toEqual(first.alerts.open());
  // Nobody has dialled in yet.
  second.run(minute, { sight: "unclear" });
  expect(second.notified).toEqual([]);
  second.run(3 * minute, {});
  expect(kinds(second.notified)).toEqual(["host_up", "alert_resolved gpu_ecc"]);
  expect(second.alerts.open()).toEqual([]);
});

test("a removed host's alerts end without a word", () => {
  const { alerts, notified, run } = world();
  run(minute, silent);
  run(minute, null);
  expect(kinds(notified)).toEqual(["host_down"]);
  expect(alerts.open()).toEqual([]);
});

test("an alert that is open shows the numbers of now", () => {
  const { alerts, run } = world();
  const disk = (free: number) => ({ path: "/data", free_bytes: free * gib, bytes: 1000 * gib });
  run(minute, { disk: disk(90) });
  run(5000, { disk: disk(20) });
  expect(alerts.open()).toMatchObject([
    { severity: "critical", detail: expect.stringContaining("20.0 GiB") },
  ]);
});

test("a database that refuses loses nothing: the next look tells", () => {
  const { alerts, notified, database, clock } = world();
  const failing = hostOf({ samples: [sampleOf(0, { ecc_uncorrected: 1 }), sampleOf(1)] });
  database.$client.exec("alter table alerts rename to elsewhere");
  expect(() => alerts.observe([failing], clock.now)).toThrow("alerts");
  expect(notified).toEqual([]);
  database.$client.exec("alter table elsewhere rename to alerts");
  alerts.observe([failing], clock.now);
  expect(kinds(notified)).toEqual(["alert_raised gpu_ecc"]);
});

test("a GPU that is missing after the agent's restart is expected for a week, also over our own", () => {
  const expected = new ExpectedGpus([]);
  expect(expected.missing("host_a", [gpuOf(0), gpuOf(1)], 0)).toEqual([]);
  const missing = expected.missing("host_a", [gpuOf(0)], hour);
  expect(missing).toEqual([{ index: 1, uuid: "GPU-1", name: "NVIDIA H200" }]);
  expect(expected.missing("host_a", [gpuOf(0)], 200 * hour)).toEqual([]);

  const { alerts, run } = world();
  run(2 * minute, { gpus: [gpuOf(0)], samples: [sampleOf(0)], missing });
  const again = new ExpectedGpus(alerts.open());
  expect(again.missing("host_a", [gpuOf(0)], start + hour)).toMatchObject([{ uuid: "GPU-1" }]);
  again.keepOnly(new Set());
  expect(again.missing("host_a", [gpuOf(0)], start + hour)).toEqual([]);
});
