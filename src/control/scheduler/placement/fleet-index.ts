/** The fleet arranged for many decisions in one pass: what one decision takes, the next one sees. Pure. */
import type { Device, Held, Host } from "./fleet.ts";
import { cpu, kindName } from "./kinds.ts";

/** What is left of one device. */
export interface Slot {
  readonly id: string;
  readonly memory_bytes: number;
  free_bytes: number;
  leaving_bytes: number;
  /** Held by replicas that sleep in place. */
  readonly asleep_bytes: number;
  starting: boolean;
}

/** The devices of one kind in one host. */
export interface Shelf {
  readonly host: Host;
  /** The tightest first, equal ones by id. */
  readonly slots: Slot[];
  /** The most that is free on one that nothing is starting on, for whoever: most full hosts need no further look. */
  roomiest_bytes: number;
  used_ratio: number;
  /** The processors of a host, and not its GPUs. */
  readonly cpu: boolean;
  /** The processors of a host that has GPUs: only for those who ask for them. */
  readonly spare: boolean;
}

/** Devices that are exchangeable: equal in name and memory. All processors are of one kind. */
export interface Kind {
  /** For people. */
  readonly name: string;
  readonly cpu: boolean;
  /** One of them, the largest. */
  device: Device;
  readonly shelves: Shelf[];
}

export interface FleetIndex {
  readonly hosts: readonly Host[];
  /** In an order that does not depend on that of the hosts. */
  readonly kinds: readonly Kind[];
  /** A replica is placed, or will be: then free memory may be less than nothing until it is. */
  occupy(held: Held, how: { starting: boolean }): void;
  /** Whether there is room for HELD on these very devices, of which it holds OWN_BYTES each already. */
  hasRoom(held: Held, own_bytes?: number): boolean;
  /** A replica is told to stop: its memory stays taken until it is proved free. */
  leave(held: Held): void;
}

/** Of a GPU. An engine that takes it whole fills nine tenths, and starts where so much is free. */
const sleepers_ratio = 0.05;

/**
 * What is free on SLOT for one that needs BYTES and holds OWN_BYTES of it already. To whoever takes a device whole, the
 * little that sleepers keep of it does not matter.
 */
export function freeFor(
  bytes: number,
  { free_bytes, memory_bytes, asleep_bytes }: Slot,
  own_bytes = 0,
): number {
  const others = Math.max(0, asleep_bytes - own_bytes);
  const ignored = bytes >= memory_bytes ? Math.min(others, memory_bytes * sleepers_ratio) : 0;
  return free_bytes + own_bytes + ignored;
}

/** HOSTS are read once; the index is thrown away with the pass. */
export function indexFleet(hosts: readonly Host[]): FleetIndex {
  const kinds = new Map<string, Kind>();
  const byHost = new Map<string, Shelf[]>();
  for (const host of hosts) byHost.set(host.id, shelve(host, kinds));

  function change({ host_id, devices }: Held, by: (slot: Slot) => void): void {
    for (const shelf of byHost.get(host_id) ?? []) {
      const changed = shelf.slots.filter(({ id }) => devices.includes(id));
      changed.forEach(by);
      if (changed.length > 0) arrange(shelf);
    }
  }

  return {
    hosts,
    kinds: [...kinds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, kind]) => kind),
    occupy(held, { starting }) {
      change(held, (slot) => {
        slot.free_bytes -= held.bytes_per_device;
        slot.starting ||= starting;
      });
    },
    hasRoom({ host_id, devices, bytes_per_device: bytes }, own_bytes = 0) {
      const shelves = byHost.get(host_id) ?? [];
      const slots = shelves
        .filter(({ host }) => host.down_for_ms === 0)
        .flatMap((shelf) => shelf.slots.filter(({ id }) => devices.includes(id)));
      return (
        slots.length === devices.length &&
        slots.every((slot) => !slot.starting && freeFor(bytes, slot, own_bytes) >= bytes)
      );
    },
    leave(held) {
      change(held, (slot) => {
        slot.leaving_bytes += held.bytes_per_device;
      });
    },
  };
}

function shelve(host: Host, kinds: Map<string, Kind>): Shelf[] {
  const hasGpus = host.devices.some(({ kind }) => kind !== cpu);
  const byKind = Map.groupBy(host.devices, ({ kind, memory_bytes }) =>
    kind === cpu ? cpu : `${kind}/${memory_bytes}`,
  );
  return [...byKind].map(([key, devices]) => {
    const isCpu = key === cpu;
    const slots = devices.map((device) => slotOf(device, isCpu));
    const kind = { cpu: isCpu, spare: isCpu && hasGpus };
    const shelf: Shelf = { host, slots, roomiest_bytes: 0, used_ratio: 0, ...kind };
    arrange(shelf);
    kindOf(key, devices, kinds)?.shelves.push(shelf);
    return shelf;
  });
}

/** Equal but for the memory of processors, where the largest stands for all. */
function kindOf(
  key: string,
  [device]: readonly Device[],
  kinds: Map<string, Kind>,
): Kind | undefined {
  const known = kinds.get(key);
  if (!device) return known;
  if (known) {
    if (device.memory_bytes > known.device.memory_bytes) known.device = device;
    return known;
  }
  const kind: Kind = { name: kindName(device.kind), cpu: key === cpu, device, shelves: [] };
  kinds.set(key, kind);
  return kind;
}

const slotOf = (device: Device, isCpu: boolean): Slot => ({
  id: device.id,
  memory_bytes: device.memory_bytes,
  free_bytes: device.memory_bytes - device.reserved_bytes - device.foreign_bytes,
  leaving_bytes: device.leaving_bytes,
  asleep_bytes: device.asleep_bytes,
  starting: device.starting && !isCpu,
});

function arrange(shelf: Shelf): void {
  const { slots } = shelf;
  slots.sort((a, b) => a.free_bytes - b.free_bytes || (a.id < b.id ? -1 : 1));
  const open = slots.filter(({ starting }) => !starting);
  shelf.roomiest_bytes = Math.max(...open.map((slot) => freeFor(slot.memory_bytes, slot)));
  const memory = slots.reduce((sum, { memory_bytes }) => sum + memory_bytes, 0);
  const free = slots.reduce((sum, { free_bytes }) => sum + free_bytes, 0);
  shelf.used_ratio = memory === 0 ? 1 : 1 - free / memory;
}
