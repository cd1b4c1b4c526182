/** A shared model keeps serving while it changes: its replicas start again in turn. Pure. */
import type { FleetHost, ReplicaStatus } from "./world.ts";

interface Pool {
  /** Of all models, also those that are to go and are still there. */
  statuses: readonly ReplicaStatus[];
  /** What starts in this pass. */
  added: readonly { owner_id: string }[];
  hosts: readonly Pick<FleetHost, "id" | "down_for_ms">[];
  lost: ReadonlySet<string>;
}

/**
 * Those of RENEWALS that may begin now. Of a model with several replicas half stay ready, so a change that
 * does not start leaves the rest as it was. The only replica of a model stops: there may be no room beside it.
 */
export function inTurn<Renewal extends { id: string }>(
  renewals: readonly Renewal[],
  { statuses, added, hosts, lost }: Pool,
): Renewal[] {
  if (renewals.length === 0) return [];
  const up = new Set(hosts.filter(({ down_for_ms }) => down_for_ms === 0).map(({ id }) => id));
  const here = statuses.filter(({ row }) => !lost.has(row.host_id));
  const serves = ({ row, state }: ReplicaStatus) =>
    state === "ready" && row.unwanted_since === null && up.has(row.host_id);
  const spare = new Map<string, number>();
  for (const [owner, mine] of Map.groupBy(here, ({ row }) => row.owner_id)) {
    const all = mine.length + added.filter(({ owner_id }) => owner_id === owner).length;
    const staying = all === 1 ? 0 : Math.ceil(all / 2);
    spare.set(owner, mine.filter(serves).length - staying);
  }
  const byId = new Map(here.map((status) => [status.row.id, status]));
  return renewals.filter(({ id }) => {
    const status = byId.get(id);
    if (!status || !serves(status)) return true;
    const left = spare.get(status.row.owner_id) ?? 0;
    spare.set(status.row.owner_id, left - 1);
    return left > 0;
  });
}
