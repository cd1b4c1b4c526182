/** How this process gets to the runtimes of a host. */
export type Reachability =
  /** RELAY: for those of which nobody knows with which socket they listen; null: there is none. */
  { via: "loopback"; relay: Relay | null } | ({ via: "relay" } & Relay) | { via: "tunnel" };

/** Where a host's relay listens. It proves that it is that host's before anything is sent. */
export interface Relay {
  host: string;
  port: number;
}

/** What a host's hello and its connection say of that. */
export interface ReachabilityHints {
  loopback: boolean;
  /** Where its relay listens, whoever can reach it; 0: it has none. */
  relay_port: number;
  /** Where its relay should be; null when it has none. */
  relay: Relay | null;
  /** The relay is not asked for: there is none, or it was tried for nothing. */
  tunnel: boolean;
}

/**
 * REMOTE_ADDRESS: where the agent's connection comes from. It says where a relay may be and nothing of who is
 * there: a forwarder on this machine makes every host look like a neighbour. OUR_NETWORK: see network-id.ts;
 * only who has the same one shares our loopback.
 */
export function hintsOf(
  { relay_port, tunnel, network }: { relay_port: number; tunnel: boolean; network?: string },
  remote_address: string,
  our_network: string,
): ReachabilityHints {
  // An agent that was told to use tunnels does so on our own machine too.
  const loopback = our_network !== "" && network === our_network && !tunnel;
  const port = relay_port > 0 && relay_port < 65_536 ? relay_port : 0;
  const relay = port > 0 ? { host: remote_address, port } : null;
  return { loopback, relay_port: port, relay, tunnel: !loopback && (tunnel || !relay) };
}

export function reachabilityOf({
  loopback,
  relay,
  tunnel,
}: ReachabilityHints): Reachability | null {
  if (loopback) return { via: "loopback", relay };
  if (tunnel) return { via: "tunnel" };
  return relay && { via: "relay", ...relay };
}

/** Such an address means another machine to everybody else. */
export const isLoopback = (address: string): boolean =>
  address === "::1" || /^127(\.\d{1,3}){3}$/.test(address);
