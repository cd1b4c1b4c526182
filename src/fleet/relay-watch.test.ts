import { expect, test } from "bun:test";
import type { HostRow, Reach } from "./hosts.ts";
import { RelayWatch } from "./relay-watch.ts";

function world(reaches: Record<string, Reach>) {
  const state = { fault: null as string | null, up: true, changes: 0, knocks: 0 };
  const watch = new RelayWatch({
    hosts: {
      list: () => Object.keys(reaches).map((id) => ({ id }) as HostRow),
      reach: (id) => reaches[id] ?? null,
      isUp: () => state.up,
    },
    async knock() {
      state.knocks++;
      return state.fault;
    },
    changed: () => state.changes++,
  });
  return { state, watch, reaches };
}

const relay = { via: "relay", host: "10.0.0.7", port: 9000, certificate_sha256: "ab" } as const;

test("a relay that cannot be reached is a problem until it can, and each is told once", async () => {
  const { state, watch } = world({ host_far: relay });
  await watch.look();
  expect([watch.problem("host_far"), state.changes]).toEqual([null, 0]);
  state.fault = "timeout";
  await watch.look();
  await watch.look();
  expect(watch.problem("host_far")).toContain("10.0.0.7:9000 cannot be reached");
  expect(state.changes).toBe(1);
  state.fault = null;
  await watch.look();
  expect([watch.problem("host_far"), state.changes]).toEqual([null, 2]);
});

test("another machine at the relay's address is another sentence", async () => {
  const { state, watch } = world({ host_far: relay });
  state.fault = "untrusted";
  await watch.look();
  expect(watch.problem("host_far")).toContain("Another machine answers at 10.0.0.7:9000");
});

test("hosts of this machine are not asked, nor those that are down, which is problem enough", async () => {
  const { state, watch, reaches } = world({ host_here: { via: "loopback" }, host_far: relay });
  state.fault = "refused";
  await watch.look();
  expect(state.knocks).toBe(1);
  state.up = false;
  await watch.look();
  expect(state.knocks).toBe(1);
  expect(watch.problem("host_far")).toBeNull();
  state.up = true;
  await watch.look();
  delete reaches["host_far"];
  await watch.look();
  expect(watch.problem("host_far")).toBeNull();
});
