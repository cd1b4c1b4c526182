import { expect, test } from "bun:test";
import { type Breaker, failed, healthy } from "./breaker.ts";
import { Homes } from "./homes.ts";
import { type Candidate, seedOf, select } from "./selection.ts";

const nobody: ReadonlySet<string> = new Set();
const open = (failed_at: number): Breaker => failed(healthy, "unreachable", failed_at);

const candidate = (
  id: string,
  { inflight = 0, slots = 1, overflow = false, breaker = healthy } = {},
): Candidate => ({
  replica: { id, overflow },
  load: { slots, inflight, breaker, seed: seedOf(id) },
});

const chosen = (candidates: readonly Candidate[], turn = 0, except = nobody) =>
  select(candidates, except, undefined, turn, 0)?.replica.id;

const preferred = (candidates: readonly Candidate[], affinity: number) =>
  select(candidates, nobody, () => affinity, 0, 0)?.replica.id ?? "";

const idle = (count: number, slots = 8) =>
  Array.from({ length: count }, (_, index) => candidate(`rep_${index}`, { slots }));

/** Many prefixes, the same in every run. */
const prefixes = Array.from({ length: 20_000 }, (_, index) => seedOf(`prefix ${index}`));

test("the fewest requests per slot win, not the fewest requests", () => {
  const busy = [candidate("a", { inflight: 2 }), candidate("b", { inflight: 3, slots: 4 })];
  expect(chosen(busy)).toBe("b");
  expect(chosen([candidate("a", { inflight: 2 }), candidate("b", { inflight: 9, slots: 4 })])).toBe(
    "a",
  );
});

test("a tie goes round by turn, also between replicas of different size", () => {
  const three = [candidate("a"), candidate("b"), candidate("c")];
  expect([0, 1, 2, 3].map((turn) => chosen(three, turn))).toEqual(["a", "b", "c", "a"]);
  const sizes = [
    candidate("a", { inflight: 2, slots: 4 }),
    candidate("b", { inflight: 1, slots: 2 }),
  ];
  expect([0, 1].map((turn) => chosen(sizes, turn))).toEqual(["a", "b"]);
});

test("nobody is chosen from nobody", () => {
  expect(chosen([], 7)).toBeUndefined();
  expect(chosen([candidate("a")], 0, new Set(["a"]))).toBeUndefined();
});

test.each<[string, string, Candidate[]]>([
  ["a free one", "own", [candidate("more", { overflow: true, slots: 9 }), candidate("own")]],
  [
    "an overflow one that is free",
    "more",
    [candidate("own", { inflight: 1 }), candidate("more", { overflow: true })],
  ],
  [
    "a full one, when the overflow is full too",
    "own",
    [candidate("more", { overflow: true, inflight: 1 }), candidate("own", { inflight: 5 })],
  ],
  [
    "an overflow one before one that has failed",
    "more",
    [candidate("own", { breaker: open(0) }), candidate("more", { overflow: true })],
  ],
  [
    "a full one before one that has failed",
    "own",
    [candidate("bad", { breaker: open(0) }), candidate("own", { inflight: 5 })],
  ],
  [
    "the one whose failure is the longest ago, when all have failed",
    "b",
    [9, 3, 5].map((at, index) => candidate("abc".charAt(index), { breaker: open(at) })),
  ],
])("%s is taken", (_, id, candidates) => {
  expect(chosen(candidates)).toBe(id);
  expect(chosen(candidates.toReversed())).toBe(id);
});

test("an overflow replica never gets more than its slots", () => {
  expect(chosen([candidate("more", { overflow: true, inflight: 1 })])).toBeUndefined();
});

test("equal prefixes get the same replica, in whatever order the replicas come", () => {
  const replicas = idle(5);
  for (const prefix of prefixes.slice(0, 500)) {
    expect(preferred(replicas.toReversed(), prefix)).toBe(preferred(replicas, prefix));
  }
});

test("prefixes spread evenly over replicas that are idle", () => {
  const counts = new Map<string, number>();
  for (const prefix of prefixes) {
    const id = preferred(idle(8), prefix);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  for (const count of counts.values()) {
    expect(Math.abs(count / (prefixes.length / 8) - 1)).toBeLessThan(0.08);
  }
  expect(counts.size).toBe(8);
});

test("who goes takes only its own prefixes along: about one in N, and all others stay", () => {
  const all = idle(8);
  const rest = all.filter((_, index) => index !== 3);
  const moved = prefixes.filter((prefix) => preferred(all, prefix) !== preferred(rest, prefix));
  expect(moved.every((prefix) => preferred(all, prefix) === "rep_3")).toBe(true);
  expect(moved.length / prefixes.length).toBeCloseTo(1 / 8, 1);
});

test("a replica keeps its prefix while it is below 1.25 times the mean, then the next one has it", () => {
  const replicas = idle(4, 100);
  const home = replicas.find(({ replica }) => replica.id === preferred(replicas, 42));
  for (const { load } of replicas) load.inflight = 40;
  const stays = (inflight: number): boolean => {
    if (home) home.load.inflight = inflight;
    return preferred(replicas, 42) === home?.replica.id;
  };
  expect([40, 45, 54, 56].map(stays)).toEqual([true, true, true, false]);
  const next = preferred(replicas, 42);
  expect(preferred(replicas, 42)).toBe(next);
});

test.each([
  [4, 2],
  [16, 8],
  [256, 11],
])(
  "of %d slots, %d may be taken for the sake of a cache while the others are idle",
  (slots, most) => {
    const replicas = idle(4, slots);
    let taken = 0;
    for (; preferred(replicas, 42) === preferred(idle(4, slots), 42); taken++) {
      const home = replicas.find(({ replica }) => replica.id === preferred(replicas, 42));
      if (home) home.load.inflight++;
    }
    expect(taken).toBe(most);
  },
);

let turn = 0;

/** Answers the prefixes one after the other, each with a turn of its own. */
function answered(replicas: readonly Candidate[], prefixes: readonly number[], homes: Homes[]) {
  return prefixes.map((prefix) => {
    const best = select(replicas, nobody, () => prefix, turn, 0);
    if (best) homes[replicas.indexOf(best)]?.note(prefix, turn++);
    return best?.replica.id;
  });
}

const remembering = (count: number) => {
  const homes = Array.from({ length: count }, () => new Homes());
  const replicas = homes.map((homes, index) => {
    const { replica, load } = candidate(`rep_${index}`, { slots: 16 });
    return { replica, load: { ...load, homes } };
  });
  return { homes, replicas };
};

test("conversations are shared out evenly and stay where they were answered", () => {
  const { homes, replicas } = remembering(4);
  const first = answered(replicas, prefixes.slice(0, 40), homes);
  expect(homes.map(({ size }) => size)).toEqual([10, 10, 10, 10]);
  expect(answered(replicas, prefixes.slice(0, 40), homes)).toEqual(first);
});

test("a conversation that had to go elsewhere stays there, for that is where its latest turn is", () => {
  const { homes, replicas } = remembering(2);
  const [home] = answered(replicas, [42], homes);
  const first = replicas.find(({ replica }) => replica.id === home);
  if (first) first.load.inflight = 16;
  const [other] = answered(replicas, [42], homes);
  expect(other).not.toBe(home ?? "");
  if (first) first.load.inflight = 0;
  expect(answered(replicas, [42], homes)).toEqual([other ?? ""]);
});

test("of old conversations nothing is kept", () => {
  const homes = new Homes();
  for (let turn = 0; turn < 5_000; turn++) homes.note(turn, turn);
  expect(homes.size).toBe(1_024);
  expect([homes.turnOf(0), homes.turnOf(4_999)]).toEqual([-1, 4_999]);
});

test("a full replica gives its prefix to the next one, whatever the mean", () => {
  const replicas = idle(3, 4);
  const home = replicas.find(({ replica }) => replica.id === preferred(replicas, 7));
  for (const { load } of replicas) load.inflight = 3;
  if (home) home.load.inflight = 4;
  expect(preferred(replicas, 7)).not.toBe(home?.replica.id ?? "");
});

test("one prefix for all requests still fills every replica evenly", () => {
  const replicas = [3, 5, 8].map((slots, index) => candidate(`rep_${index}`, { slots }));
  for (let request = 0; request < 16; request++) {
    const best = select(replicas, nobody, () => 1, request, 0);
    if (best) best.load.inflight++;
  }
  expect(replicas.map(({ load }) => load.inflight)).toEqual([3, 5, 8]);
});
