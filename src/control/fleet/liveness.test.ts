import { expect, test } from "bun:test";
import { LivenessTracker } from "./liveness.ts";

/** A watch that looks every second, over hosts that a test makes speak. */
function world(...names: string[]) {
  const hosts = names.map((name) => ({ id: name, name, last_seen_at: 0 as number | null }));
  const heard = new Map<string, number>();
  const started_at = 1_000_000;
  let now = started_at;
  let silence = new LivenessTracker<(typeof hosts)[number]>(now);
  const up = new Set<string>();
  const look = () =>
    silence
      .observe(
        hosts,
        (id) => heard.get(id) ?? null,
        (id) => up.has(id),
        now,
      )
      .map(({ host, up, at }) => `${host.name} ${up ? "up" : "down"} ${(at - started_at) / 1000}`);
  return {
    hosts,
    look,
    speaks(...names: string[]) {
      for (const name of names) heard.set(name, now);
      for (const name of names) up.add(name);
    },
    falls(...names: string[]) {
      for (const name of names) up.delete(name);
    },
    /** The changes of SECONDS looks; a function runs before each. */
    pass(seconds: number, before: () => void = () => undefined): string[] {
      return Array.from({ length: seconds }, () => {
        now += 1000;
        before();
        return look();
      }).flat();
    },
    jump(ms: number) {
      now += ms;
    },
    restart() {
      heard.clear();
      up.clear();
      silence = new LivenessTracker(now);
    },
  };
}

test("a host is missed once, after a minute, and welcomed once", () => {
  const { pass, speaks, falls } = world("a", "b");
  speaks("a");
  falls("a");
  expect(pass(59, () => speaks("b"))).toEqual([]);
  expect(pass(300, () => speaks("b"))).toEqual(["a down 60"]);
  speaks("a");
  expect(pass(59)).toEqual(["a up 360"]);
});

test("the sentence says when it spoke last and what to look at", () => {
  const silence = new LivenessTracker(0);
  const host = { id: "a", name: "gpu-1", last_seen_at: 5 };
  const looks = [0, 20_000, 40_000, 60_000].map((now) =>
    silence.observe(
      [host],
      () => null,
      () => false,
      now,
    ),
  );
  const [change] = looks.at(-1) ?? [];
  expect(change?.detail).toContain("gpu-1 has been silent for a minute");
  expect(change?.detail).toContain("1970-01-01T00:00:00.005Z");
});

test("after our own start hosts come back unnoticed, and those that do not are missed a minute later", () => {
  const { pass, speaks, restart } = world("a", "b");
  speaks("a", "b");
  restart();
  expect(pass(10)).toEqual([]);
  expect(pass(100, () => speaks("a"))).toEqual(["b down 60"]);
});

test("a host that never connected is not missed, nor one that was removed", () => {
  const { hosts, pass } = world("a", "b");
  for (const host of hosts) if (host.name === "a") host.last_seen_at = null;
  expect(pass(70)).toEqual(["b down 60"]);
  hosts.length = 0;
  expect(pass(70)).toEqual([]);
});

test("a machine that slept, and a clock that was set, make nobody silent", () => {
  const { pass, jump, speaks, falls } = world("a");
  pass(5, () => speaks("a"));
  falls("a");
  jump(8 * 3_600_000);
  expect(pass(59)).toEqual([]);
  pass(1, () => speaks("a"));
  jump(-8 * 3_600_000);
  expect(pass(30, () => speaks("a"))).toEqual([]);
  falls("a");
  expect(pass(61)).toHaveLength(1);
});

test("when many fall silent at once each is reported, in one pass", () => {
  const { pass, speaks, falls } = world("a", "b", "c", "d");
  speaks("a", "b", "c", "d");
  falls("a", "b", "c");
  expect(pass(90, () => speaks("d"))).toEqual(["a down 60", "b down 60", "c down 60"]);
});
