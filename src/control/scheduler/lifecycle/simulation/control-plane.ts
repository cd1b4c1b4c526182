/**
 * The control plane of a story: the real `pass` around rows that survive a kill -9, and a memory that
 * does not. It does in order what the loop in reconcile.ts does: write, remember, tell.
 */
import type { Desired, Observed } from "../../../../../agent/contract/protocol/messages.ts";
import type { Endpoint } from "../../../models/endpoints/endpoint.ts";
import type { Depth, Transition } from "../../../models/endpoints/status.ts";
import type { Pressure } from "../dedicated/autoscale.ts";
import type { Decision, Demand, Rules } from "../dedicated/situation.ts";
import { pass } from "../pass.ts";
import type { Plan } from "../plan.ts";
import type { FleetHost, ReplicaRow } from "../world.ts";

/** What is on disk. */
export interface Disk {
  rows: readonly ReplicaRow[];
  endpoints: Map<string, Endpoint>;
  generation: number;
  /** Ids ever given, so that none comes twice. */
  issued: number;
  history: { endpoint_id: string; transition: Transition }[];
  /** From how deep, of all wakes. */
  wakes: Depth[];
}

export interface Ports {
  now(): number;
  hosts(): FleetHost[];
  demandOf(endpoint_id: string): Demand;
  send(host_id: string, desired: Desired): void;
  /** A moment in which the process may die. */
  mayDie(): boolean;
  decided(before: ReadonlyMap<string, Endpoint>, decision: Decision): void;
}

const rules: Omit<Rules, "now"> = {
  placing_timeout_ms: 30 * 60_000,
  unready_timeout_ms: 5 * 60_000,
};

export class ControlPlane {
  readonly #disk: Disk;
  readonly #ports: Ports;
  #pressures: ReadonlyMap<string, Pressure> = new Map();
  /** What each host said last; gone with the process. */
  readonly heard = new Map<string, Observed>();
  readonly #told = new Set<string>();

  constructor(disk: Disk, ports: Ports) {
    this.#disk = disk;
    this.#ports = ports;
  }

  /** Returns false when the process died in the middle. */
  pass(): boolean {
    const now = this.#ports.now();
    const hosts = this.#ports.hosts();
    const world = {
      now,
      hosts,
      models: [],
      endpoints: [...this.#disk.endpoints.values()],
      rows: this.#disk.rows,
      demandOf: this.#ports.demandOf,
      ttftOf: () => null,
      inflightOf: () => 0,
      fitOf: () => null,
    };
    const plan = pass(world, { ...rules, now }, this.#pressures);
    if (this.#ports.mayDie()) return false;
    this.#commit(plan, now);
    if (this.#ports.mayDie()) return false;
    this.#pressures = plan.pressures;
    for (const { id } of hosts) this.tell(id);
    return true;
  }

  /** The host's stream is new: it is told everything, as Hosts does. */
  forget(host_id: string): void {
    this.#told.delete(host_id);
  }

  tell(host_id: string): void {
    if (this.#told.has(host_id)) return;
    this.#told.add(host_id);
    const replicas = this.#disk.rows
      .filter((row) => row.host_id === host_id && row.unwanted_since === null)
      .map(({ id, epoch, spec, asleep_bytes }) => ({
        id,
        epoch,
        ...spec,
        hf_token: "",
        asleep_bytes: asleep_bytes ?? 0,
      }));
    this.#ports.send(host_id, { generation: this.#disk.generation, replicas });
  }

  #commit(plan: Plan, now: number): void {
    const disk = this.#disk;
    const { add, unwanted, gone, changes, sleep_intents } = plan;
    if (add.length + unwanted.length + sleep_intents.length > 0) disk.generation += 1;
    const isGone = new Set(gone);
    const isUnwanted = new Set(unwanted);
    const intents = new Map(sleep_intents.map(({ id, ...intent }) => [id, intent]));
    const kept = disk.rows
      .filter(({ id }) => !isGone.has(id))
      .map((row) => (isUnwanted.has(row.id) ? { ...row, unwanted_since: disk.generation } : row))
      .map((row) => ({ ...row, ...intents.get(row.id) }));
    const added = add.map((replica) => ({
      ...replica,
      id: `rep_${disk.issued++}`,
      epoch: 1,
      created_at: now,
      unwanted_since: null,
      asleep_bytes: null,
    }));
    for (const { id, host_id } of kept) {
      if (isUnwanted.has(id) || intents.has(id)) this.#told.delete(host_id);
    }
    for (const { host_id } of added) this.#told.delete(host_id);
    disk.rows = [...kept, ...added];
    for (const change of changes) {
      this.#ports.decided(disk.endpoints, change);
      this.#apply(change);
    }
  }

  #apply({ endpoint_id, standing, transition, previous, wake }: Decision): void {
    const { endpoints, history, wakes } = this.#disk;
    if (wake) wakes.push(wake.depth);
    if (transition) history.push({ endpoint_id, transition });
    const endpoint = endpoints.get(endpoint_id);
    if (!endpoint) return;
    if (!standing) {
      endpoints.delete(endpoint_id);
      return;
    }
    const restored = previous === "restore" && endpoint.previous ? endpoint.previous : {};
    const kept = previous === "keep" ? endpoint.previous : null;
    endpoints.set(endpoint_id, { ...endpoint, ...restored, standing, previous: kept });
  }
}
