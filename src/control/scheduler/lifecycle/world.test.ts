import { expect, test } from "bun:test";
import {
  gpuSampleWith,
  gpuWith,
  hostWith,
  inventoryWith,
  observedWith,
  rowWith,
} from "./lifecycle.testbed.ts";
import { joined, lost_after_ms, lostHosts, placementHosts, provenGone } from "./world.ts";

const gib = 2 ** 30;
const byId = (...hosts: ReturnType<typeof hostWith>[]) => new Map(hosts.map((h) => [h.id, h]));

test("a host is lost after two minutes, unless most of the fleet is silent", () => {
  const silent = (id: string) => ({ id, down_for_ms: lost_after_ms + 1 });
  const up = (id: string) => ({ id, down_for_ms: 0 });
  expect(lostHosts([silent("a"), up("b")])).toEqual(new Set(["a"]));
  expect(lostHosts([silent("a"), silent("b"), up("c")])).toEqual(new Set());
  expect(lostHosts([{ id: "a", down_for_ms: lost_after_ms }, up("b")])).toEqual(new Set());
});

test("what an older epoch reports is not about this one", () => {
  const host = hostWith("host_a", {
    observed: { generation: 1, sources: [], replicas: [observedWith({ epoch: 1 })] },
  });
  expect(joined([rowWith({ epoch: 2 })], [host])[0]?.state).toBe("waiting");
  expect(joined([rowWith()], [host])[0]?.state).toBe("ready");
});

test("what a host says of another one's replica is not about it", () => {
  const word = (id: string, state: "ready" | "failed", detail = "") =>
    hostWith(id, {
      observed: { generation: 1, sources: [], replicas: [observedWith({ state, detail })] },
    });
  const honest = word("host_a", "ready");
  const liar = word("host_b", "failed", "Said by a stranger.");
  for (const hosts of [
    [honest, liar],
    [liar, honest],
  ]) {
    expect(joined([rowWith({ host_id: "host_a" })], hosts)).toMatchObject([
      { state: "ready", observed: { detail: "" } },
    ]);
  }
  expect(joined([rowWith({ host_id: "host_a" })], [liar])).toMatchObject([
    { state: "waiting", observed: null },
  ]);
});

test("a replica is gone when its host has answered without it, and not before", () => {
  const unwanted = rowWith({ unwanted_since: 7 });
  const after = (generation: number, ids: string[]) => {
    const replicas = ids.map((id) => observedWith({ id, state: "stopping" }));
    const host = hostWith("host_a", { observed: { generation, replicas, sources: [] } });
    return provenGone([unwanted], byId(host));
  };
  expect(after(6, [])).toEqual([]);
  expect(after(7, ["rep_1"])).toEqual([]);
  expect(after(7, ["rep_2"])).toEqual(["rep_1"]);
});

test("silence proves nothing, the removal of a host everything", () => {
  const unwanted = rowWith({ unwanted_since: 7 });
  expect(provenGone([unwanted], byId(hostWith("host_a", { observed: null })))).toEqual([]);
  expect(provenGone([rowWith()], byId(hostWith("host_b")))).toEqual(["rep_1"]);
});

test("memory counts as taken until the replica is proved gone", () => {
  const rows = [
    rowWith({ unwanted_since: 3 }),
    rowWith({ id: "rep_2", bytes_per_device: 2 * gib }),
  ];
  const hosts = [hostWith("host_a")];
  const [host] = placementHosts(hosts, joined(rows, hosts));
  expect(host?.devices).toMatchObject([{ id: "cpu", reserved_bytes: 3 * gib, starting: true }]);
});

test("a device is busy with a start only while a wanted replica of ours loads on it", () => {
  const gpus = ["g0", "g1"].map((uuid) => gpuWith({ uuid, vram_bytes: 22 * gib }));
  const rows = [rowWith({ devices: ["g0"] }), rowWith({ id: "rep_2", devices: ["g1"] })];
  const replicas = [observedWith(), observedWith({ id: "rep_2", state: "starting" })];
  const hosts = [
    hostWith("host_a", {
      inventory: inventoryWith("host_a", gpus),
      observed: { generation: 1, replicas, sources: ["hf:a/b"] },
    }),
  ];
  const [host] = placementHosts(hosts, joined(rows, hosts));
  expect(host?.devices.map(({ id, starting }) => [id, starting])).toEqual([
    ["g0", false],
    ["g1", true],
    ["cpu", false],
  ]);
  expect(host?.sources.has("hf:a/b")).toBe(true);
});

test("memory that others hold on a device is not ours to give", () => {
  const stranger = { pid: 7, name: "python3", memory_bytes: 9 * gib, replica_id: "" };
  const ours = { pid: 8, name: "vllm", memory_bytes: 4 * gib, replica_id: "rep_1" };
  const gpus = [gpuSampleWith({ memory_used_bytes: 13 * gib, processes: [stranger, ours] })];
  const hosts = [hostWith("host_a", { inventory: inventoryWith("host_a", [gpuWith()]), gpus })];
  const [host] = placementHosts(hosts, joined([rowWith({ devices: ["g0"] })], hosts));
  expect(host?.devices).toMatchObject([
    { id: "g0", foreign_bytes: 9 * gib },
    { id: "cpu", foreign_bytes: 0 },
  ]);
});
