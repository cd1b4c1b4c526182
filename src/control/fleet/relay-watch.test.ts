import { expect, test } from "bun:test";
import type { HostRow } from "./hosts.ts";
import type { ReachabilityHints } from "./reachability.ts";
import { RelayWatch } from "./relay-watch.ts";

function world(ways: Record<string, ReachabilityHints>) {
  const state = { fault: null as string | null, up: true, changes: 0, probes: 0, tunnels: 0 };
  const words: string[] = [];
  const watch = new RelayWatch({
    hosts: {
      list: () => Object.keys(ways).map((id) => ({ id }) as HostRow),
      ways: (id) => ways[id] ?? null,
      isUp: () => state.up,
      useTunnel(id, tunnel) {
        const known = ways[id];
        if (known) ways[id] = { ...known, tunnel };
      },
    },
    tunnels: {
      ask: () => words.push("ask"),
      dismiss: () => words.push("dismiss"),
      count: () => state.tunnels,
    },
    async probe() {
      state.probes++;
      return state.fault;
    },
    changed: () => state.changes++,
  });
  return { state, watch, ways, words };
}

const far: ReachabilityHints = {
  loopback: false,
  relay_port: 8444,
  relay: { host: "10.0.0.7", port: 9000 },
  tunnel: false,
};
const here: ReachabilityHints = { loopback: true, relay_port: 8444, relay: null, tunnel: false };
const hidden: ReachabilityHints = { loopback: false, relay_port: 0, relay: null, tunnel: true };

test("a relay that cannot be reached is a problem until it can, and each is reported once", async () => {
  const { state, watch, words } = world({ host_far: far });
  await watch.check();
  expect([watch.problem("host_far"), state.changes]).toEqual([null, 0]);
  state.fault = "timeout";
  await watch.check();
  await watch.check();
  expect(watch.problem("host_far")).toContain("10.0.0.7:9000 cannot be reached");
  expect(state.changes).toBe(1);
  state.fault = null;
  await watch.check();
  expect([watch.problem("host_far"), state.changes]).toEqual([null, 2]);
  expect(words).toEqual(["dismiss", "ask", "ask", "dismiss"]);
});

test("another machine at the relay's address is another sentence", async () => {
  const { state, watch } = world({ host_far: far });
  state.fault = "untrusted";
  await watch.check();
  expect(watch.problem("host_far")).toContain("Another machine answers at 10.0.0.7:9000");
});

test("the first tunnel takes the problem away, the last one brings it back, and the relay is preferred", async () => {
  const { state, watch, ways } = world({ host_far: far });
  state.fault = "refused";
  await watch.check();
  expect(ways["host_far"]?.tunnel).toBe(false);
  state.tunnels = 1;
  watch.tunnelled("host_far");
  expect([ways["host_far"]?.tunnel, watch.problem("host_far"), state.changes]).toEqual([
    true,
    null,
    2,
  ]);
  state.tunnels = 0;
  watch.tunnelled("host_far");
  expect(watch.problem("host_far")).toContain("no tunnel");
  state.fault = null;
  await watch.check();
  expect([ways["host_far"]?.tunnel, watch.problem("host_far")]).toEqual([false, null]);
});

test("a host without a relay is asked for tunnels, and has time to open them", async () => {
  const { state, watch, ways, words } = world({ host_far: hidden });
  await watch.check();
  expect([words.includes("ask"), watch.problem("host_far")]).toEqual([true, null]);
  await watch.check();
  expect(watch.problem("host_far")).toContain("opened no tunnel yet");
  expect([state.probes, ways["host_far"]?.tunnel]).toEqual([0, true]);
});

test("hosts of this machine are not asked, nor those that are down, which is problem enough", async () => {
  const { state, watch, ways } = world({ host_here: here, host_far: far });
  state.fault = "refused";
  await watch.check();
  expect(state.probes).toBe(1);
  state.up = false;
  await watch.check();
  expect(state.probes).toBe(1);
  expect(watch.problem("host_far")).toBeNull();
  state.up = true;
  await watch.check();
  delete ways["host_far"];
  await watch.check();
  expect(watch.problem("host_far")).toBeNull();
});
