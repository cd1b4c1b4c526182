/** Seeded random fleets, held to a search that tries every host and every set of its devices. */
import { expect, test } from "bun:test";
import { demand, gib, gpu, host, processors, random } from "./fleet.testbed.ts";
import type { Demand, Device, Host, Need, Placement } from "./fleet.ts";
import { type FleetIndex, indexFleet } from "./fleet-index.ts";
import { place } from "./place.ts";

const seeds = Array.from({ length: 300 }, (_, seed) => seed + 1);
type Below = (below: number) => number;

const kinds = [
  ["NVIDIA L4", 22],
  ["NVIDIA H100 80GB HBM3", 80],
] as const;

function randomDevice(id: string, below: Below): Device {
  const [kind, memory_gib] = kinds[below(2)] ?? kinds[0];
  const reserved_bytes = below(2) * below(memory_gib) * gib;
  return gpu(id, {
    kind,
    memory_bytes: memory_gib * gib,
    reserved_bytes,
    leaving_bytes: below(3) === 0 ? reserved_bytes : 0,
    foreign_bytes: below(5) === 0 ? gib : 0,
    starting: below(5) === 0,
  });
}

const randomHosts = (below: Below): Host[] =>
  Array.from({ length: 1 + below(5) }, (_, i) =>
    host(
      String(i),
      [
        ...Array.from({ length: below(5) }, (_, n) => randomDevice(`g${n}`, below)),
        processors(8 + below(32), { starting: below(2) === 0 }),
      ],
      {
        labels: { pool: below(3) === 0 ? "x" : "y" },
        cordoned: below(8) === 0,
        down_for_ms: below(8) === 0 ? 1000 : 0,
        runtimes: below(5) === 0 ? [] : ["vllm"],
        sources: new Set(below(2) === 0 ? ["org/model"] : []),
      },
    ),
  );

function randomDemand(below: Below): Demand {
  const devices = 1 + below(3);
  const each = (1 + below(70)) * gib;
  const isAlone = below(3) === 0;
  return demand(
    { unfit: "" },
    {
      labels: below(2) === 0 ? { pool: "x" } : {},
      gpu_type: [null, "H100-80", "cpu", "L4"][below(6)] ?? null,
      beside: new Set([`host_${below(5)}`]),
      needOn: ({ kind, memory_bytes }): Need => {
        const onCpu = { devices: 1, bytes_per_device: each / 4 };
        const onGpu = { devices, bytes_per_device: isAlone ? memory_bytes : each };
        return { ...(kind === "cpu" ? onCpu : onGpu), guessed: false };
      },
    },
  );
}

/** Every set of devices of one host, one kind and the needed number on which each one is OK. */
function everyPlace(
  wanted: Demand,
  hosts: readonly Host[],
  ok: (device: Device, need: Need) => boolean,
): { id: string; chosen: Device[] }[] {
  return hosts
    .filter((one) => isOpenTo(one, wanted))
    .flatMap(({ id, devices }) => subsets(devices).map((chosen) => ({ id, chosen, devices })))
    .filter(({ chosen, devices }) => {
      const [first] = chosen;
      if (!first || !isAllowed(first.kind, wanted.gpu_type, devices.length)) return false;
      const need = wanted.needOn(first);
      return (
        !("unfit" in need) &&
        chosen.length === need.devices &&
        chosen.every((device) => device.kind === first.kind && ok(device, need))
      );
    });
}

const isOpenTo = ({ runtimes, labels, cordoned, down_for_ms }: Host, wanted: Demand): boolean =>
  runtimes.includes("vllm") &&
  !cordoned &&
  down_for_ms === 0 &&
  (wanted.labels["pool"] ?? labels["pool"]) === labels["pool"];

const subsets = (devices: readonly Device[]): Device[][] =>
  Array.from({ length: 2 ** devices.length }, (_, set) =>
    devices.filter((__, i) => Math.floor(set / 2 ** i) % 2 === 1),
  );

function isAllowed(kind: string, type: string | null, devices: number): boolean {
  if (type === null) return kind !== "cpu" || devices === 1;
  return kind === "cpu" ? type === "cpu" : kind.includes(type.slice(0, 2));
}

const fitsNow = ({ kind, ...d }: Device, { bytes_per_device }: Need): boolean =>
  (kind === "cpu" || !d.starting) &&
  d.memory_bytes - d.reserved_bytes - d.foreign_bytes >= bytes_per_device;
const fitsSoon = (d: Device, { bytes_per_device }: Need): boolean =>
  d.memory_bytes - d.reserved_bytes - d.foreign_bytes + d.leaving_bytes >= bytes_per_device;
const fitsEmpty = (d: Device, { bytes_per_device }: Need): boolean =>
  d.memory_bytes >= bytes_per_device;

test("a place is found when there is one, and a refusal is of the right kind", () => {
  const seen = new Map<string, number>();
  for (const seed of seeds) {
    const below = random(seed);
    const hosts = randomHosts(below);
    for (let i = 0; i < 10; i++) {
      const wanted = randomDemand(below);
      const found = place(wanted, indexFleet(hosts));
      expect([seed, place(wanted, indexFleet(hosts.toReversed()))]).toEqual([seed, found]);
      const outcome = "refused" in found ? found.refused : "placed";
      const closed = outcome === "no_host" ? "no_host" : "never";
      expect([seed, outcome]).toEqual([seed, expected(wanted, hosts) ?? closed]);
      if (!("refused" in found))
        expect([seed, isPossible(found, wanted, hosts)]).toEqual([seed, true]);
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }
  }
  expect([...seen.keys()].sort()).toEqual(["busy", "never", "no_host", "placed", "wait"]);
  expect(Math.min(...seen.values())).toBeGreaterThan(50);
});

function expected(wanted: Demand, hosts: readonly Host[]): string | null {
  if (everyPlace(wanted, hosts, fitsNow).length > 0) return "placed";
  if (everyPlace(wanted, hosts, fitsSoon).length > 0) return "wait";
  return everyPlace(wanted, hosts, fitsEmpty).length > 0 ? "busy" : null;
}

const isPossible = (found: Placement, wanted: Demand, hosts: readonly Host[]): boolean =>
  everyPlace(wanted, hosts, fitsNow).some(
    ({ id, chosen }) =>
      id === found.host_id &&
      chosen.length === found.devices.length &&
      chosen.every((device) => found.devices.includes(device.id)),
  );

test("however many are placed, no device is filled over its memory and none has two starts", () => {
  for (const seed of seeds) {
    const below = random(seed);
    const hosts = randomHosts(below);
    const fleet = indexFleet(hosts);
    const placed = Array.from({ length: 20 }, () => placeAndOccupy(randomDemand(below), fleet));
    for (const { id, devices } of hosts) {
      for (const device of devices) {
        const mine = placed.filter((p) => p?.host_id === id && p.devices.includes(device.id));
        const bytes = mine.reduce((sum, p) => sum + (p?.bytes_per_device ?? 0), 0);
        const free = device.memory_bytes - device.reserved_bytes - device.foreign_bytes;
        expect(bytes).toBeLessThanOrEqual(Math.max(0, free));
        if (device.kind !== "cpu") {
          expect(mine.length).toBeLessThanOrEqual(device.starting ? 0 : 1);
        }
      }
    }
  }
});

function placeAndOccupy(wanted: Demand, fleet: FleetIndex) {
  const found = place(wanted, fleet);
  if ("refused" in found) return null;
  fleet.occupy(found, { starting: true });
  return found;
}
