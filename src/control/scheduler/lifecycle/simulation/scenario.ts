/** One seeded story: a small fleet, people, requests and every fault that we know of, in simulated time. */
import type { Depth } from "../../../models/endpoints/status.ts";
import type { FleetHost } from "../world.ts";
import { ControlPlane, type Disk } from "./control-plane.ts";
import { EventQueue } from "./event-queue.ts";
import { Invariants } from "./invariants.ts";
import { Network } from "./network.ts";
import { type Random, randomFrom } from "./random.ts";
import { SimulatedHost } from "./simulated-host.ts";
import { Workload } from "./workload.ts";

export interface Outcome {
  seed: number;
  violations: readonly string[];
  passes: number;
  transitions: number;
  wakes: readonly Depth[];
}

const hour_ms = 3_600_000;
const pass_every_ms = 30_000;
/** No faults and no people any more: what is wanted must come true. */
const quiet_ms = 2 * hour_ms;
const gib = 2 ** 30;
const vram_bytes = 24 * gib;

export function play(seed: number, hours = 24): Outcome {
  return new Scenario(seed, hours).play();
}

class Scenario {
  readonly #seed: number;
  readonly #random: Random;
  readonly #agenda = new EventQueue();
  readonly #disk: Disk = {
    rows: [],
    endpoints: new Map(),
    generation: 0,
    issued: 0,
    history: [],
    wakes: [],
  };
  readonly #hosts: SimulatedHost[];
  readonly #gpus = new Map<string, { uuid: string; vram_bytes: number }[]>();
  readonly #network: Network;
  readonly #people: Workload;
  readonly #invariants: Invariants;
  readonly #end: number;
  #plane: ControlPlane | null = null;
  #passes = 0;
  #planned = false;
  /** The wall clock of the control plane may be set at a restart. */
  #offset_ms = 0;

  constructor(seed: number, hours: number) {
    this.#seed = seed;
    this.#random = randomFrom(seed);
    this.#end = hours * hour_ms;
    this.#invariants = new Invariants(this.#agenda);
    this.#network = new Network(this.#agenda, this.#random);
    this.#hosts = Array.from({ length: this.#random.whole(1, 4) }, (_, i) => this.#host(i));
    this.#people = new Workload({
      agenda: this.#agenda,
      random: this.#random,
      endpoints: this.#disk.endpoints,
      until: this.#end - quiet_ms,
      now: () => this.#wall(),
      trigger: () => this.#soon(),
    });
  }

  play(): Outcome {
    this.#boot();
    this.#people.begin();
    this.#faults();
    this.#tick();
    this.#agenda.run(this.#end);
    this.#invariants.atRest(this.#disk, this.#hosts);
    return {
      seed: this.#seed,
      violations: this.#invariants.violations,
      passes: this.#passes,
      transitions: this.#disk.history.length,
      wakes: this.#disk.wakes,
    };
  }

  get #quiet(): boolean {
    return this.#agenda.now >= this.#end - quiet_ms;
  }

  #wall(): number {
    return this.#agenda.now + this.#offset_ms;
  }

  #host(index: number): SimulatedHost {
    const id = `host_${index}`;
    const gpus = Array.from({ length: this.#random.whole(1, 3) }, (_, gpu) => ({
      uuid: `${id}-gpu${gpu}`,
      vram_bytes,
    }));
    this.#gpus.set(id, gpus);
    return new SimulatedHost({
      id,
      gpus,
      agenda: this.#agenda,
      random: this.#random,
      misfortune: () =>
        this.#quiet
          ? { start_fails: 0, crash_per_hour: 0 }
          : { start_fails: 0.03, crash_per_hour: 0.05 },
      bytesOf: (replica) => {
        const reserved = this.#disk.rows.find((row) => row.id === replica)?.bytes_per_device ?? 0;
        // Who takes a GPU whole fills a share of it.
        return Math.min(reserved, vram_bytes * 0.9);
      },
      report: (observed) =>
        this.#network.toPlane(id, () => {
          this.#plane?.heard.set(id, observed);
          this.#soon();
        }),
      violated: (what) => this.#invariants.violated(what),
    });
  }

  #tick(): void {
    this.#pass();
    this.#agenda.after(pass_every_ms, () => this.#tick());
  }

  /** Nudges of one moment are one pass. */
  #soon(): void {
    if (this.#planned) return;
    this.#planned = true;
    this.#agenda.after(1, () => {
      this.#planned = false;
      this.#pass();
    });
  }

  #pass(): void {
    if (!this.#plane) return;
    this.#passes += 1;
    const transitions = this.#disk.history.length;
    const lived = this.#plane.pass();
    this.#invariants.afterPass(this.#disk, transitions);
    if (!lived) this.#crash();
    else if (this.#disk.history.length > transitions) this.#soon();
  }

  #boot(): void {
    const plane = new ControlPlane(this.#disk, {
      now: () => this.#wall(),
      hosts: () => this.#hosts.map((host) => this.#seenBy(plane, host)),
      demandOf: (id) => this.#people.demandOf(id),
      send: (id, desired) =>
        this.#network.toHost(id, () => this.#hosts.find((host) => host.id === id)?.desire(desired)),
      mayDie: () => !this.#quiet && this.#random.chance(0.0005),
      decided: (before, decision) => this.#invariants.decided(before, decision),
    });
    this.#plane = plane;
    for (const host of this.#hosts) this.#connect(host);
  }

  #seenBy(plane: ControlPlane, { id }: SimulatedHost): FleetHost {
    const gpus = this.#gpus.get(id) ?? [];
    const silent_ms = this.#network.silentFor(id);
    return {
      id,
      name: id,
      labels: {},
      cordoned: false,
      draining: false,
      down_for_ms: silent_ms > 5000 ? silent_ms : 0,
      inventory: inventoryOf(id, gpus),
      observed: plane.heard.get(id) ?? null,
      gpus: [],
    };
  }

  /** A new stream: the host says what it has, and hears what it should have. */
  #connect(host: SimulatedHost): void {
    this.#network.connect(host.id);
    const plane = this.#plane;
    if (!plane) return;
    const observed = host.observed();
    this.#network.toPlane(host.id, () => {
      plane.heard.set(host.id, observed);
      plane.forget(host.id);
      plane.tell(host.id);
      this.#soon();
    });
  }

  #crash(): void {
    this.#plane = null;
    for (const { id } of this.#hosts) this.#network.cut(id);
    this.#people.disconnected();
    if (this.#random.chance(0.2)) this.#offset_ms += this.#random.between(-1, 1) * hour_ms;
    this.#agenda.after(this.#random.between(1, 300) * 1000, () => this.#boot());
  }

  #faults(): void {
    const every = (hours: number, act: () => void): void => {
      const again = (): void => {
        this.#agenda.after(-Math.log(1 - this.#random.next()) * hours * hour_ms, () => {
          if (this.#quiet) return;
          act();
          again();
        });
      };
      again();
    };
    const anyHost = (act: (host: SimulatedHost) => void) => () => {
      const host = this.#random.pick(this.#hosts);
      if (host) act(host);
    };
    const away = (host: SimulatedHost, least_s: number, most_s: number): void => {
      this.#network.cut(host.id);
      this.#agenda.after(this.#random.between(least_s, most_s) * 1000, () => this.#connect(host));
    };
    every(
      6,
      anyHost((host) => away(host, 1, 90)),
    );
    every(
      12,
      anyHost((host) => away(host, 60, 1800)),
    );
    every(12, () => this.#plane && this.#crash());
    every(24, () => this.#hosts.forEach((host) => void away(host, 10, 600)));
    every(
      8,
      anyHost((host) => {
        host.restartAgent();
        away(host, 1, 20);
      }),
    );
    every(
      24,
      anyHost((host) => {
        host.reboot();
        away(host, 60, 400);
      }),
    );
  }
}

function inventoryOf(id: string, gpus: readonly { uuid: string; vram_bytes: number }[]) {
  return {
    host_name: id,
    os: "",
    kernel: "",
    arch: "x64",
    cpu_count: 8,
    cpu_model: "",
    memory_bytes: 64 * gib,
    disk_bytes: 0,
    disk_free_bytes: 0,
    machine_id: id,
    gpus: gpus.map(({ uuid, vram_bytes }, index) => ({
      uuid,
      vram_bytes,
      index,
      name: "NVIDIA GeForce RTX 4090",
      vram_used_bytes: 0,
      driver_version: "1",
      compute_capability: "8.9",
      mig: false,
      pci_bus_id: "",
    })),
    runtimes: ["llama-server", "vllm"].map((name) => ({ name, version: "1", path: "/r" })),
  };
}
