import { expect, test } from "bun:test";
import { dryRun } from "./dry-run.ts";
import type { Evictable } from "./eviction.ts";
import { demand, gib, gpu, host, need } from "./fleet.testbed.ts";
import { indexFleet } from "./fleet-index.ts";

const now = 10_000_000;
const full = gpu("g1", { reserved_bytes: 80 * gib });
const qwen: Evictable = {
  replica_id: "rep_1",
  model: "qwen",
  host_id: "host_a",
  devices: ["g1"],
  bytes_per_device: 80 * gib,
  last_used_at: 0,
  ready_since: 0,
  busy: false,
};

test("it says what would run where", () => {
  expect(dryRun(demand(need(1, 10)), indexFleet([host("a", [gpu("g1")])]), [], now)).toEqual({
    placement: {
      host_id: "host_a",
      host_name: "a",
      devices: ["g1"],
      why: "It gets 1 GPU (H100-80) of host a with 10.0 GiB reserved; 70.0 GiB stay free there.",
    },
    refused: null,
    would_stop: [],
  });
});

test("it says what would stop for it", () => {
  const told = dryRun(demand(need(1, 10)), indexFleet([host("a", [full])]), [qwen], now);
  expect(told).toMatchObject({
    placement: { host_name: "a", devices: ["g1"] },
    refused: null,
    would_stop: [{ model: "qwen", host_name: "a" }],
  });
});

test("it says why it would be refused, what may not stop for it, and what would fit", () => {
  const busy = { ...qwen, busy: true };
  expect(dryRun(demand(need(1, 10)), indexFleet([host("a", [full])]), [busy], now)).toEqual({
    placement: null,
    refused: {
      refused: "busy",
      detail:
        "It needs 1 GPU (H100-80) in one host with 10.0 GiB free, and the one host that is large enough is in use.",
      nearest:
        "qwen on host a could make room, but it is answering requests. It fits on 1 GPU (H100-80) of host a if 10.0 GiB more are freed there.",
    },
    would_stop: [],
  });
});

test("it says where it goes in a moment", () => {
  const told = dryRun(
    demand(need(1, 10)),
    indexFleet([host("a", [gpu("g1", { starting: true })])]),
    [qwen],
    now,
  );
  expect(told).toMatchObject({
    placement: { host_name: "a", devices: ["g1"] },
    refused: { refused: "wait" },
    would_stop: [],
  });
});

test("asking takes nothing", () => {
  const fleet = indexFleet([host("a", [gpu("g1")])]);
  const ask = () => dryRun(demand(need(1, 80)), fleet, [], now);
  expect(ask()).toEqual(ask());
});
