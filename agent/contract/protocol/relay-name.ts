import { createHash } from "node:crypto";

/**
 * The TLS server name by which the control plane asks a host's relay for a replica. Names compare
 * without case and a label ends at 63 characters (RFC 1035 2.3); replica ids keep neither rule, so
 * the label is 128 bits of a hash, and whoever has the id can make the name.
 */
export function relayName(replicaId: string): string {
  const label = createHash("sha256").update(replicaId).digest("hex").slice(0, 32);
  return `${label}.replica.hypervize.internal`;
}
