import { describe, expect, test } from "bun:test";
import type { Evictable } from "./eviction.ts";
import { demand, gib, gpu, host, need, random } from "./fleet.testbed.ts";
import type { Demand, Host } from "./fleet.ts";
import { indexFleet } from "./fleet-index.ts";
import { makeRoom, whyNoRoom } from "./make-room.ts";

const now = 10_000_000;
/** NAME on devices of host a, used so many minutes ago. */
const idle = (
  name: string,
  devices: string[],
  each_gib: number,
  minutes: number,
  more: Partial<Evictable> = {},
): Evictable => ({
  replica_id: name,
  model: name,
  host_id: "host_a",
  devices,
  bytes_per_device: each_gib * gib,
  last_used_at: now - minutes * 60_000,
  ready_since: 0,
  busy: false,
  ...more,
});

/** Hosts whose GPUs hold just what the replicas take. */
function holding(replicas: readonly Evictable[], gpus = 2): Host[] {
  const names = [...new Set(["host_a", ...replicas.map(({ host_id }) => host_id)])];
  return names.map((id) =>
    host(
      id.slice("host_".length),
      Array.from({ length: gpus }, (_, i) => {
        const mine = replicas.filter((r) => r.host_id === id && r.devices.includes(`g${i}`));
        const reserved_bytes = mine.reduce((sum, r) => sum + r.bytes_per_device, 0);
        return gpu(`g${i}`, { reserved_bytes });
      }),
    ),
  );
}

const evicted = (wanted: Demand, replicas: readonly Evictable[]): string | undefined =>
  makeRoom(wanted, indexFleet(holding(replicas)), replicas, now)
    ?.evict.map(({ replica_id }) => replica_id)
    .join(" ");

const table: [string, Demand, Evictable[], string | undefined][] = [
  [
    "the least recently used goes first",
    demand(need(1, 80)),
    [idle("young", ["g0"], 80, 5), idle("old", ["g1"], 80, 9)],
    "old",
  ],
  [
    "one recently used rather than two old ones",
    demand(need(1, 80)),
    [idle("x", ["g0"], 40, 90), idle("y", ["g0"], 40, 80), idle("z", ["g1"], 80, 1)],
    "z",
  ],
  [
    "of several on one GPU only as many as are needed",
    demand(need(1, 30)),
    [idle("x", ["g0"], 40, 1), idle("y", ["g0"], 40, 2), idle("z", ["g1"], 80, 1)],
    "y",
  ],
  [
    "one that holds two GPUs rather than two that hold one each",
    demand(need(2, 80)),
    [
      ...[idle("x", ["g0"], 80, 90), idle("y", ["g1"], 80, 80)],
      idle("both", ["g0", "g1"], 80, 1, { host_id: "host_b" }),
    ],
    "both",
  ],
  [
    "a busy one is never stopped",
    demand(need(1, 80)),
    [idle("old", ["g0"], 80, 9, { busy: true }), idle("young", ["g1"], 80, 1)],
    "young",
  ],
  [
    "one that became ready less than 60 s ago stays",
    demand(need(1, 80)),
    [
      idle("fresh", ["g0"], 80, 9, { ready_since: now - 59_999 }),
      idle("busy", ["g1"], 80, 1, { busy: true }),
    ],
    undefined,
  ],
  [
    "one that became ready 60 s ago goes",
    demand(need(1, 80)),
    [
      idle("settled", ["g0"], 80, 9, { ready_since: now - 60_000 }),
      idle("busy", ["g1"], 80, 1, { busy: true }),
    ],
    "settled",
  ],
  [
    "none goes when all together are not enough",
    demand(need(3, 80)),
    [idle("x", ["g0"], 80, 9)],
    undefined,
  ],
  [
    "none goes on a host without the labels",
    demand(need(1, 80), { labels: { pool: "x" } }),
    [idle("x", ["g0"], 80, 9), idle("y", ["g1"], 80, 9)],
    undefined,
  ],
];

describe("room is made:", () => {
  test.each(table)("%s", (_, wanted, replicas, expected) => {
    expect(evicted(wanted, replicas)).toBe(expected);
    expect(evicted(wanted, replicas.toReversed())).toBe(expected);
  });
});

test("what is leaving already counts: no more is stopped than is missing beside it", () => {
  const replicas = [idle("x", ["g0"], 30, 9), idle("y", ["g0"], 30, 8)];
  const gone = { reserved_bytes: 80 * gib, leaving_bytes: 20 * gib };
  const hosts = [host("a", [gpu("g0", gone)])];
  const room = makeRoom(demand(need(1, 50)), indexFleet(hosts), replicas, now);
  expect(room?.evict.map(({ replica_id }) => replica_id)).toEqual(["x"]);
  const both = makeRoom(demand(need(1, 51)), indexFleet(hosts), replicas, now);
  expect(both?.evict.map(({ replica_id }) => replica_id)).toEqual(["x", "y"]);
});

test("people read which model stops, where, and why just that one", () => {
  const replicas = [idle("qwen", ["g0"], 80, 12), idle("gemma", ["g1"], 80, 3)];
  expect(makeRoom(demand(need(1, 80)), indexFleet(holding(replicas)), replicas, now)).toMatchObject(
    {
      why: "qwen on host a stops to make room: unused for 12 min.",
      placement_after: {
        host_id: "host_a",
        devices: ["g0"],
        bytes_per_device: 80 * gib,
        why: "It gets 1 GPU (H100-80) of host a with 80.0 GiB reserved as soon as qwen has stopped there.",
      },
    },
  );
});

test.each([
  [{ busy: true }, "qwen on host a could make room, but it is answering requests."],
  [
    { ready_since: now - 20_000 },
    "qwen on host a could make room, but it became ready only just now. It stays for 40 s more, so that two models do not evict each other in turn.",
  ],
])("why nothing stops: %j", (more, words) => {
  const replicas = [idle("qwen", ["g0"], 80, 1, more), idle("busy", ["g1"], 80, 0, { busy: true })];
  expect(whyNoRoom(demand(need(1, 80)), indexFleet(holding(replicas)), replicas, now)).toBe(words);
});

test("nothing is said of replicas that would not help", () => {
  const replicas = [idle("x", ["g0"], 10, 1, { busy: true })];
  const fleet = indexFleet(holding(replicas));
  expect(whyNoRoom(demand(need(1, 90)), fleet, replicas, now)).toBeNull();
});

test("on 300 random hosts: as few as trying every set of replicas finds, and none too many", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const below = random(seed);
    const replicas = Array.from({ length: 1 + below(7) }, (_, i) => {
      const first = below(3);
      const devices = below(4) === 0 ? [`g${first}`, `g${first + 1}`] : [`g${first}`];
      return idle(`r${i}`, devices, 5 + below(20), below(50));
    });
    const each = 40 + below(40);
    const count = 1 + below(2);
    const fits = (kept: readonly Evictable[]): boolean => {
      const [{ devices } = { devices: [] }] = holding(kept, 4);
      const free = devices.filter((d) => d.memory_bytes - d.reserved_bytes >= each * gib);
      return free.length >= count;
    };
    const sets = Array.from({ length: 2 ** replicas.length }, (_, set) =>
      replicas.filter((_, i) => Math.floor(set / 2 ** i) % 2 === 1),
    );
    const fewest = Math.min(
      ...sets.filter((set) => fits(replicas.filter((r) => !set.includes(r)))).map((s) => s.length),
    );
    const fleet = indexFleet(holding(replicas, 4));
    const room = makeRoom(demand(need(count, each)), fleet, replicas, now);
    expect([seed, room?.evict.length ?? Number.POSITIVE_INFINITY]).toEqual([seed, fewest]);
    expect(fits(replicas.filter((r) => !room?.evict.includes(r)))).toBe(room !== null);
  }
});
