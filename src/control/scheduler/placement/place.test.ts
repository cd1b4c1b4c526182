import { describe, expect, test } from "bun:test";
import { demand, gib, gpu, host, need, processors } from "./fleet.testbed.ts";
import type { Demand, Device, Host } from "./fleet.ts";
import { indexFleet } from "./fleet-index.ts";
import { place } from "./place.ts";

const used = (id: string, used_gib: number, more: Partial<Device> = {}): Device =>
  gpu(id, { reserved_bytes: used_gib * gib, ...more });
const l4 = (id: string): Device => gpu(id, { kind: "NVIDIA L4", memory_bytes: 22 * gib });
/** All of a GPU, whatever it is. */
const alone = (more: Partial<Demand> = {}): Demand =>
  demand(need(1, 0), {
    needOn: ({ memory_bytes }) => ({ ...need(1, 0), bytes_per_device: memory_bytes }),
    ...more,
  });
const here = { sources: new Set(["org/model"]) };

const places: [string, Demand, Host[], string][] = [
  ["the tightest GPU", demand(need(1, 20)), [host("a", [gpu("g1"), used("g2", 50)])], "a g2"],
  [
    "the tightest host",
    demand(need(2, 20)),
    [host("a", [gpu("g1"), gpu("g2")]), host("b", [used("g1", 9), used("g2", 9)])],
    "b g1 g2",
  ],
  [
    "the smallest card that is enough for who must be alone",
    alone(),
    [host("a", [gpu("g1")]), host("b", [l4("g1")])],
    "b g1",
  ],
  [
    "GPUs of one kind in one host",
    demand(need(2, 20)),
    [host("a", [l4("g1"), gpu("g2")]), host("b", [gpu("g1")]), host("c", [gpu("g1"), gpu("g2")])],
    "c g1 g2",
  ],
  [
    "the asked type",
    alone({ gpu_type: "h100" }),
    [host("a", [l4("g1")]), host("b", [gpu("g1")])],
    "b g1",
  ],
  [
    "weights that are there already, when the fit is equal",
    alone(),
    [host("a", [gpu("g1")]), host("b", [gpu("g1")], here)],
    "b g1",
  ],
  [
    "a better fit before weights that are there",
    demand(need(1, 20)),
    [host("a", [used("g1", 40)]), host("b", [gpu("g1")], here)],
    "a g1",
  ],
  [
    "another host than the owner's other replicas",
    alone({ beside: new Set(["host_a"]) }),
    [host("a", [gpu("g1")]), host("b", [gpu("g1")])],
    "b g1",
  ],
  [
    "the host with the least in use",
    alone(),
    [host("a", [gpu("g1"), used("g2", 80)]), host("b", [gpu("g1"), gpu("g2")])],
    "b g1",
  ],
  [
    "the first by id, when all is equal",
    alone(),
    [host("b", [gpu("g")]), host("a", [gpu("g")])],
    "a g",
  ],
  [
    "only hosts that are up, not cordoned, with runtime and labels",
    alone({ labels: { pool: "x" } }),
    [
      host("a", [gpu("g1")], { labels: { pool: "x" }, down_for_ms: 1 }),
      host("b", [gpu("g1")], { labels: { pool: "x" }, cordoned: true }),
      host("c", [gpu("g1")], { labels: { pool: "x" }, runtimes: ["llama-server"] }),
      host("d", [gpu("g1")], { labels: { pool: "y" } }),
      host("e", [gpu("g1")], { labels: { pool: "x", region: "eu" } }),
    ],
    "e g1",
  ],
  [
    "no GPU on which another replica is loading",
    demand(need(1, 20)),
    [host("a", [used("g1", 50, { starting: true }), gpu("g2")])],
    "a g2",
  ],
  [
    "no GPU that other programs have filled",
    demand(need(1, 20)),
    [host("a", [gpu("g1", { foreign_bytes: 70 * gib }), gpu("g2")])],
    "a g2",
  ],
  [
    "GPUs before processors",
    demand(need(1, 4)),
    [host("a", [processors(64)]), host("b", [gpu("g1"), processors(64)])],
    "b g1",
  ],
  [
    "processors where no GPU is",
    demand(need(1, 4)),
    [host("a", [processors(64)]), host("b", [used("g1", 80), processors(64)])],
    "a cpu",
  ],
  [
    "the processors of a host with GPUs for who asks for them",
    demand(need(1, 4), { gpu_type: "CPU" }),
    [host("b", [gpu("g1"), processors(64)])],
    "b cpu",
  ],
  [
    "processors that do least, although others fit better and have the weights",
    demand(need(1, 4)),
    [host("a", [processors(64, { reserved_bytes: 40 * gib })], here), host("b", [processors(64)])],
    "b cpu",
  ],
  [
    "processors although something is starting on them",
    demand(need(1, 4)),
    [host("a", [processors(64, { starting: true })])],
    "a cpu",
  ],
];

describe("a replica gets", () => {
  test.each(places)("%s", (_, wanted, hosts, expected) => {
    for (const order of [hosts, hosts.toReversed()]) {
      const found = place(wanted, indexFleet(order));
      if ("refused" in found) throw new Error(found.detail);
      const name = hosts.find(({ id }) => id === found.host_id)?.name;
      expect([name, ...found.devices].join(" ")).toBe(expected);
    }
  });
});

test("what one decision occupies, the next one sees", () => {
  const fleet = indexFleet([host("a", [gpu("g1"), gpu("g2")])]);
  const wanted = demand(need(1, 50));
  const devices = [1, 2].map(() => {
    const found = place(wanted, fleet);
    if ("refused" in found) throw new Error(found.detail);
    fleet.occupy(found, { starting: true });
    return found.devices;
  });
  expect(devices).toEqual([["g1"], ["g2"]]);
  expect(place(wanted, fleet)).toMatchObject({ refused: "busy" });
});

test("the best fit counts what was occupied in this pass", () => {
  const fleet = indexFleet([host("a", [gpu("g1"), gpu("g2")])]);
  const held = { host_id: "host_a", devices: ["g2"], bytes_per_device: 30 * gib };
  fleet.occupy(held, { starting: false });
  expect(place(demand(need(1, 20)), fleet)).toMatchObject({ devices: ["g2"] });
});

test("two small replicas start one after the other on one GPU", () => {
  const fleet = indexFleet([host("a", [gpu("g1")])]);
  const wanted = demand(need(1, 10));
  const first = place(wanted, fleet);
  if ("refused" in first) throw new Error(first.detail);
  fleet.occupy(first, { starting: true });
  expect(place(wanted, fleet)).toMatchObject({ refused: "wait" });
});

test("the sentence names host, GPUs, memory and what decided", () => {
  const found = place(
    demand(need(2, 20)),
    indexFleet([
      host("a", [used("g1", 40), used("g2", 40)], here),
      host("b", [gpu("g1"), gpu("g2")]),
    ]),
  );
  expect(found).toMatchObject({
    why: "It gets 2 GPUs (H100-80) of host a with 20.0 GiB reserved on each; 40.0 GiB stay free there, the best fit of 2 hosts with room, and the weights are on its disk already.",
  });
});

test("a guess is called one", () => {
  const found = place(
    demand({ ...need(1, 1), guessed: true }),
    indexFleet([host("a", [gpu("g1")])]),
  );
  expect("why" in found && found.why).toContain(
    "1.0 GiB reserved, although the size of the model is unknown;",
  );
});
