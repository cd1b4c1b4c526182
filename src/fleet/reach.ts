/** How this process gets to the runtimes of a host. */
export type Reach =
  | { via: "loopback" }
  | { via: "relay"; host: string; port: number }
  | { via: "tunnel" };

/** What a host's hello and its connection say of that. */
export interface Ways {
  loopback: boolean;
  /** Where its relay listens, whoever can reach it; 0: it has none. */
  relay_port: number;
  /** Where its relay should be; null when it has none. */
  relay: { host: string; port: number } | null;
  /** The relay is not asked for: there is none, or it was tried in vain. */
  tunnel: boolean;
}

/** REMOTE_ADDRESS: where the agent dialled from, null when it shares our network stack. */
export function waysOf(
  { relay_port, tunnel }: { relay_port: number; tunnel: boolean },
  remote_address: string | null,
): Ways {
  // An agent that was told to use tunnels does so on our own machine too.
  const loopback = remote_address === null && !tunnel;
  const port = relay_port > 0 && relay_port < 65_536 ? relay_port : 0;
  const hasRelay = remote_address !== null && port > 0;
  const relay = hasRelay ? { host: remote_address, port } : null;
  return { loopback, relay_port: port, relay, tunnel: !loopback && (tunnel || !relay) };
}

export function reachOf({ loopback, relay, tunnel }: Ways): Reach | null {
  if (loopback) return { via: "loopback" };
  if (tunnel) return { via: "tunnel" };
  return relay && { via: "relay", ...relay };
}
