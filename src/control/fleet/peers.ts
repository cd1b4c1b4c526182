/** Which hosts may fetch weights from which. */
import type { Peer } from "../../../agent/contract/protocol/messages.ts";
import type { Hosts } from "./hosts.ts";
import type { AgentStream } from "./presence.ts";
import { isLoopback, type ReachabilityHints } from "./reachability.ts";

/** A host that is up. */
export interface Candidate {
  id: string;
  /** Null until it has connected. */
  ways: ReachabilityHints | null;
  pins: readonly string[];
}

/**
 * The others that HOST may ask: those whose relay can be reached from here, which lies in the same network
 * as a rule, and those on our own machine for others on it. Who is reached by tunnels alone gives nothing.
 */
export function peersOf(host: Candidate, all: readonly Candidate[]): Peer[] {
  return all.flatMap((other) => {
    const address = other.id === host.id ? null : addressFor(host, other);
    const port = other.ways?.relay_port ?? 0;
    if (address === null || port === 0) return [];
    const { id: host_id, pins } = other;
    return [{ host_id, address, port, certificate_sha256: [...pins] }];
  });
}

function addressFor(host: Candidate, { ways }: Candidate): string | null {
  if (ways === null || ways.tunnel) return null;
  if (ways.loopback) return host.ways?.loopback ? "127.0.0.1" : null;
  // One that came by a forwarder on our machine.
  if (ways.relay === null || isLoopback(ways.relay.host)) return null;
  return ways.relay.host;
}

/** Tells every host of its peers when it connects, and whenever they are others. */
export function tellPeers(
  hosts: Pick<Hosts, "list" | "isUp" | "ways" | "pins" | "lineOf" | "onChange">,
): void {
  const told = new WeakMap<AgentStream, string>();
  hosts.onChange((change) => {
    if (change === "replicas") return;
    const all = hosts.list().flatMap(({ id }) => {
      return hosts.isUp(id) ? [{ id, ways: hosts.ways(id), pins: hosts.pins(id) }] : [];
    });
    for (const host of all) {
      const line = hosts.lineOf(host.id);
      const peers = peersOf(host, all);
      const text = JSON.stringify(peers);
      if (!line || (told.get(line) ?? "[]") === text) continue;
      told.set(line, text);
      line.send({ peers: { peers } });
    }
  });
}
