import type { XidError } from "../../../../agent/contract/protocol/messages.ts";

interface Seen {
  /** What the last list of this host held. */
  keys: ReadonlySet<string>;
  /** By GPU and code, since our own start. */
  counts: Map<string, XidCount>;
}

export interface XidCount {
  gpu_uuid: string;
  code: number;
  count: number;
}

/**
 * Counts XID errors for Prometheus. Hosts repeat their newest errors in every heartbeat, so each list is held
 * against the one before; an error that has left the list does not come back into it.
 */
export class XidCounts {
  readonly #hosts = new Map<string, Seen>();

  /** XIDS: as the host said last. Returns what has been counted for it so far. */
  count(host_id: string, xids: readonly XidError[]): XidCount[] {
    const { keys: known = new Set<string>(), counts = new Map<string, XidCount>() } =
      this.#hosts.get(host_id) ?? {};
    const keys = new Set(xids.map(keyOf));
    const fresh = xids.filter((xid) => !known.has(keyOf(xid)));
    for (const { gpu_uuid, code } of fresh) {
      const key = `${gpu_uuid} ${code}`;
      const { count } = counts.get(key) ?? { count: 0 };
      counts.set(key, { gpu_uuid, code, count: count + 1 });
    }
    this.#hosts.set(host_id, { keys, counts });
    return [...counts.values()];
  }

  /** Hosts that are not in the fleet any more. */
  keepOnly(host_ids: ReadonlySet<string>): void {
    for (const id of this.#hosts.keys()) if (!host_ids.has(id)) this.#hosts.delete(id);
  }
}

const keyOf = ({ at_ms, gpu_uuid, code, text }: XidError): string =>
  `${at_ms} ${gpu_uuid} ${code} ${text}`;
