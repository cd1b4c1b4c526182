import type { Status } from "../../../../shared/endpoint-status.ts";
import type { Endpoint } from "../../../models/endpoints/endpoint.ts";
import type { EndpointState } from "../../../models/endpoints/status.ts";
import type { Decision } from "../dedicated/situation.ts";
import type { Disk } from "./control-plane.ts";
import type { EventQueue } from "./event-queue.ts";
import type { SimulatedHost } from "./simulated-host.ts";

/** A4, with the shortcuts that two steps in one moment make. */
const legal: Readonly<Record<Status, readonly Status[]>> = {
  building: ["up", "failed", "sleeping", "draining", "paused", "deleting"],
  up: ["sleeping", "updating", "failed", "draining", "paused", "deleting"],
  sleeping: ["waking_up", "up", "draining", "paused", "deleting", "failed"],
  waking_up: ["up", "failed", "sleeping", "draining", "paused", "deleting"],
  updating: ["up", "failed", "sleeping", "draining", "paused", "deleting"],
  draining: ["paused", "building", "sleeping", "deleting", "failed", "up"],
  paused: ["building", "sleeping", "deleting", "failed", "up"],
  failed: ["building", "sleeping", "draining", "paused", "deleting", "up"],
  deleting: [],
};

export class Invariants {
  readonly violations: string[] = [];
  readonly #agenda: EventQueue;

  constructor(agenda: EventQueue) {
    this.#agenda = agenda;
  }

  violated(what: string): void {
    if (this.violations.length < 5) {
      this.violations.push(`${(this.#agenda.now / 3_600_000).toFixed(3)} h: ${what}`);
    }
  }

  decided(before: ReadonlyMap<string, Endpoint>, { endpoint_id, standing, transition }: Decision) {
    const was = before.get(endpoint_id)?.standing.status;
    if (!was) return this.violated(`${endpoint_id} was decided on, and is not there`);
    const is = standing?.status ?? "deleting";
    if (transition === null) {
      if (was !== is) this.violated(`${endpoint_id} went from ${was} to ${is} without a word`);
      return;
    }
    if (transition.from !== was || (standing && transition.to !== is)) {
      this.violated(
        `${endpoint_id} went ${was} -> ${is}, and told ${transition.from} -> ${transition.to}`,
      );
    }
    if (!legal[was].includes(transition.to)) {
      this.violated(`${endpoint_id} may not go from ${was} to ${transition.to}`);
    }
  }

  /** Rows of one pass: at most the wanted replicas twice over, which is an update's most. */
  afterPass(disk: Disk, transitions: number): void {
    const wanted = Map.groupBy(
      disk.rows.filter((row) => row.unwanted_since === null),
      (row) => row.owner_id,
    );
    for (const [id, rows] of wanted) {
      const endpoint = disk.endpoints.get(id);
      if (!endpoint) this.violated(`${rows.length} replicas of ${id}, which is deleted`);
      else if (rows.length > 2 * endpoint.spec.max_replicas + 1) {
        this.violated(
          `${rows.length} replicas of ${id}, of which ${endpoint.spec.max_replicas} are allowed`,
        );
      }
    }
    const idle = disk.history
      .slice(transitions)
      .filter(({ transition }) => transition.reason === "idle");
    for (const { endpoint_id, transition } of idle)
      this.#sleptInPeace(disk, endpoint_id, transition.at);
  }

  /** No thrash: nothing falls asleep before its idle time has passed since it was up. */
  #sleptInPeace(disk: Disk, id: string, at: number): void {
    const { idle_timeout_s = null } = disk.endpoints.get(id)?.spec ?? {};
    const up = disk.history.findLast(
      ({ endpoint_id, transition }) => endpoint_id === id && transition.to === "up",
    );
    if (idle_timeout_s === null || !up) this.violated(`${id} fell asleep and never should`);
    else if (at - up.transition.at < idle_timeout_s * 1000) {
      this.violated(`${id} slept ${at - up.transition.at} ms after it was up`);
    }
  }

  /** The end of a story, after quiet hours: what is wanted is so. */
  atRest(disk: Disk, hosts: readonly SimulatedHost[]): void {
    const rows = new Map(disk.rows.map((row) => [row.id, row]));
    for (const host of hosts) {
      for (const id of host.running) {
        if (rows.get(id)?.unwanted_since !== null)
          this.violated(`${id} runs on ${host.id}, unwanted`);
      }
    }
    for (const row of disk.rows) {
      if (row.unwanted_since !== null) this.violated(`${row.id} still counts and is gone`);
    }
    for (const { id, standing } of disk.endpoints.values()) this.#settled(disk, id, standing);
  }

  #settled({ rows }: Disk, id: string, { status, depth, detail, intent }: EndpointState): void {
    if (!/^(?:up|sleeping|paused|failed)$/.test(status)) {
      this.violated(`${id} is still ${status}: ${detail}`);
    }
    if (intent === "delete") this.violated(`${id} was to be deleted`);
    const asleep = rows.filter((row) => row.owner_id === id && row.asleep_bytes !== null).length;
    if (asleep !== Number(status === "sleeping" && depth === "l1")) {
      this.violated(`${id} is ${status} ${depth}, with ${asleep} asleep`);
    }
  }
}
