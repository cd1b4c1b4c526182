import { describe, expect, test } from "bun:test";
import { demand, gib, gpu, host, need, processors } from "./fleet.testbed.ts";
import type { Demand, Host, Refused } from "./fleet.ts";
import { indexFleet } from "./fleet-index.ts";
import { place } from "./place.ts";

const full = (id: string) => gpu(id, { reserved_bytes: 80 * gib });

const refusals: [string, Demand, Host[], Refused["refused"], string, string | null][] = [
  [
    "an empty fleet",
    demand(need(1, 10)),
    [],
    "no_host",
    "No host has vllm. Install it on one, or join one that has it on the Hosts page.",
    null,
  ],
  [
    "a runtime without the labels",
    demand(need(1, 10), { labels: { pool: "x", region: "eu" } }),
    [host("a", [gpu("g")], { labels: { pool: "y", region: "eu" } }), host("b", [gpu("g")])],
    "no_host",
    "No host that is up and not cordoned has vllm and the labels pool=x, region=eu.",
    "Host a has vllm, but lacks pool=x.",
  ],
  [
    "a host that is down",
    demand(need(1, 10)),
    [host("a", [gpu("g")], { down_for_ms: 5000 })],
    "no_host",
    "No host that is up and not cordoned has vllm.",
    "Host a has vllm, but is down.",
  ],
  [
    "a large host that is cordoned beside a small one that is up",
    demand(need(2, 10)),
    [host("a", [gpu("g1")]), host("b", [gpu("g1"), gpu("g2")], { cordoned: true })],
    "no_host",
    "It needs 2 GPUs (H100-80) in one host with 10.0 GiB free on each, and no host that is up is large enough.",
    "Host b would fit, but it is cordoned.",
  ],
  [
    "full GPUs",
    demand(need(1, 50)),
    [host("a", [full("g1")]), host("b", [gpu("g1", { reserved_bytes: 42 * gib })])],
    "busy",
    "It needs 1 GPU (H100-80) in one host with 50.0 GiB free, and all 2 hosts that are large enough are in use.",
    "It fits on 1 GPU (H100-80) of host b if 12.0 GiB more are freed there.",
  ],
  [
    "too few GPUs free in the one host",
    demand(need(2, 80)),
    [host("a", [full("g1"), gpu("g2")])],
    "busy",
    "It needs 2 GPUs (H100-80) in one host with 80.0 GiB free on each, and the one host that is large enough is in use.",
    "It fits on 2 GPUs (H100-80) of host a if 80.0 GiB more are freed there.",
  ],
  [
    "memory in the hands of other programs",
    demand(need(1, 50)),
    [host("a", [gpu("g1", { foreign_bytes: 40 * gib })])],
    "busy",
    "It needs 1 GPU (H100-80) in one host with 50.0 GiB free, and the one host that is large enough is in use.",
    "It fits on 1 GPU (H100-80) of host a if 10.0 GiB more are freed there. Programs that Hypervize did not start hold 40.0 GiB of it.",
  ],
  [
    "a start on the only GPU",
    demand(need(1, 50)),
    [host("a", [gpu("g1", { starting: true })])],
    "wait",
    "It waits for 1 GPU (H100-80) of host a, until the start on it has ended.",
    null,
  ],
  [
    "a replica that is being stopped",
    demand(need(1, 50)),
    [host("a", [gpu("g1", { reserved_bytes: 80 * gib, leaving_bytes: 60 * gib })])],
    "wait",
    "It waits for 1 GPU (H100-80) of host a, until what is being stopped there is gone.",
    null,
  ],
  [
    "more GPUs than any host has",
    demand(need(4, 10), { longestContextOn: (_, devices) => devices * 1000 }),
    [host("a", [gpu("g1"), gpu("g2")]), host("b", [full("g1")])],
    "never",
    "It needs 4 GPUs of the type H100-80 in one host, and the largest host has 2.",
    "A context of up to 2,000 tokens would fit on 2 GPUs (H100-80).",
  ],
  [
    "a model that the sizing refuses",
    demand({ unfit: "Big (bf16) does not fit on 16 × H100-80." }),
    [host("a", [gpu("g1")])],
    "never",
    "Big (bf16) does not fit on 16 × H100-80.",
    null,
  ],
  [
    "more memory than any host has",
    demand(need(1, 20), { runtime: "llama-server" }),
    [host("a", [processors(8)]), host("b", [processors(16)])],
    "never",
    "It needs 20.0 GiB of a host's memory, and the largest has 16.0 GiB.",
    null,
  ],
  [
    "a type that is not there",
    demand(need(1, 20), { gpu_type: "B200" }),
    [host("a", [gpu("g1"), processors(8)]), host("b", [gpu("g1", { kind: "NVIDIA L4" })])],
    "never",
    "No host with vllm has a GPU of the type B200.",
    "Available: H100-80, L4-24.",
  ],
];

describe("refused for", () => {
  test.each(refusals)("%s", (_, wanted, hosts, refused, detail, nearest) => {
    for (const order of [hosts, hosts.toReversed()]) {
      expect(place(wanted, indexFleet(order))).toMatchObject({ refused, detail, nearest });
    }
  });
});

test("who waits holds what it waits for: the next one is busy and may make room elsewhere", () => {
  const stopping = gpu("g1", { reserved_bytes: 80 * gib, leaving_bytes: 80 * gib });
  const fleet = indexFleet([host("a", [stopping])]);
  const first = place(demand(need(1, 80)), fleet);
  if (!("refused" in first) || !first.awaiting) throw new Error("It does not wait.");
  fleet.occupy(first.awaiting, { starting: false });
  expect(place(demand(need(1, 80)), fleet)).toMatchObject({ refused: "busy", awaiting: null });
});

test("what is told to stop in this pass counts as room soon, not now", () => {
  const fleet = indexFleet([host("a", [full("g1")])]);
  fleet.leave({ host_id: "host_a", devices: ["g1"], bytes_per_device: 80 * gib });
  expect(place(demand(need(1, 80)), fleet)).toMatchObject({ refused: "wait" });
});
