/**
 * Tunnels: connections to the runtimes of a host that cannot be dialled. The host opens them to the
 * control plane's one port for agents, in TLS with both certificates, and the control plane uses them
 * when it needs them, each for one replica and then to the end. What is said:
 *
 *     control plane   admitted            the certificate is that of a host; from now on the tunnel waits
 *     control plane   NAME "\n"           the replica (relay-name.ts) that it is wanted for
 *     host            joined              from now on bytes go through in both directions
 *
 * A side that does not like what it hears closes. Nothing is framed or multiplexed: a slow stream holds
 * up nobody else, and TCP's own flow control is the only one.
 */

/** ALPN (RFC 7301) tells tunnels from gRPC on the port: it is the only name that a tunnel offers. */
export const tunnel_protocol = "hypervize-tunnel/1";

/** One byte each. */
export const admitted = "+";
export const joined = "=";

/** Longer is no name: those of relay-name.ts have 59 characters. */
export const longest_name = 100;

/** Names for TLS's ALPN option as they are on the wire, each behind its length. */
export const alpn = (...names: string[]): Buffer =>
  Buffer.concat(names.flatMap((name) => [Buffer.from([name.length]), Buffer.from(name)]));
