/** Runtimes that see no GPU: given one, they would run on the processors, and nobody would know (K1). */
import { expect, test } from "bun:test";
import { seesNoGpu } from "../../../../agent/contract/runtime-device.ts";
import { kindsIn } from "../../models/resolution/resolve-kinds.ts";
import { demand, gib, gpu, host, need, processors } from "./fleet.testbed.ts";
import type { Demand, Host } from "./fleet.ts";
import { indexFleet } from "./fleet-index.ts";
import { place } from "./place.ts";

const devices = [gpu("g1"), processors(64)];
const blind = { blind: ["llama-server"] };
const wanted = (more: Partial<Demand> = {}) =>
  demand(need(1, 10), { runtime: "llama-server", ...more });
const placed = (hosts: readonly Host[], asked = wanted()) => place(asked, indexFleet(hosts));
/** As need.ts has it for a demand that names a number of GPUs. */
const gpusOnly = (more: Partial<Demand> = {}) =>
  wanted({
    needOn: ({ kind }) => (kind === "cpu" ? { unfit: "A GPU was asked for." } : need(1, 10)),
    ...more,
  });

test("a GPU that was asked for by its type is refused, and the words say what to do", () => {
  const refused = placed([host("a", devices, blind)], wanted({ gpu_type: "H100-80" }));
  expect(refused).toEqual({
    refused: "never",
    detail:
      "It needs 1 GPU (H100-80), and the llama-server of host a sees no GPU: it is a build without a backend for them.",
    nearest:
      "Install a build of llama-server for GPUs on a (`./install.sh --agent` there gets one, or start the agent with `--llama-server PATH`), or ask for the GPU type `cpu`.",
    awaiting: null,
  });
});

test("so is a number of GPUs of any type, on one host or on several", () => {
  const hosts = ["a", "b"].map((name) => host(name, devices, blind));
  expect(placed(hosts, gpusOnly())).toMatchObject({
    refused: "never",
    detail: expect.stringContaining("llama-server of the 2 hosts that have them sees no GPU"),
  });
});

test("without a wish it gets the processors, and the reason says why", () => {
  expect(placed([host("a", devices, blind)])).toMatchObject({
    host_id: "host_a",
    devices: ["cpu"],
    bytes_per_device: 10 * gib,
    why: expect.stringContaining("and its llama-server sees no GPU"),
  });
});

test("a host whose build sees GPUs is taken instead, also when it has to be waited for", () => {
  const one = host("a", devices, blind);
  expect(placed([one, host("b", devices)])).toMatchObject({ host_id: "host_b", devices: ["g1"] });
  const loading = host("b", [gpu("g1", { starting: true })]);
  expect(placed([one, loading], gpusOnly())).toMatchObject({ refused: "wait" });
});

test("other runtimes of that host have its GPUs, and an older agent's, which does not say, as before", () => {
  expect(placed([host("a", devices, blind)], demand(need(1, 10)))).toMatchObject({
    devices: ["g1"],
  });
  expect(placed([host("a", devices)])).toMatchObject({ devices: ["g1"] });
});

test("a fleet without any GPU is refused as before", () => {
  const refused = placed([host("a", [processors(64)], blind)], wanted({ gpu_type: "H100-80" }));
  expect(refused).toMatchObject({
    detail: "No host with llama-server has a GPU of the type H100-80.",
  });
});

test("a kind of GPU that a runtime sees on no host is not what its models are sized for", () => {
  const [kind] = kindsIn([host("a", devices, blind), host("b", devices, blind)]);
  expect(kind).toMatchObject({ unseen_by: ["llama-server"] });
  const [seen, ofHosts] = kindsIn([host("a", devices, blind), host("b", devices)]);
  expect(seen?.unseen_by).toBeUndefined();
  expect(ofHosts).toMatchObject({ kind: "cpu" });
});

test("what says nothing is not taken for blind: an older agent's words arrive as defaults of the protocol", () => {
  const device = { id: "CUDA0", name: "NVIDIA L4", memory_bytes: 1 };
  expect(seesNoGpu({ says_devices: false, devices: [] })).toBe(false);
  expect(seesNoGpu({})).toBe(false);
  expect(seesNoGpu({ says_devices: true, devices: [device] })).toBe(false);
  expect(seesNoGpu({ says_devices: true, devices: [] })).toBe(true);
});
