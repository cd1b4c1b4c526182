/** How a connection comes to be: plainly on our own loopback, through another machine's relay or tunnel, or to a provider. */
import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { getCACertificates, rootCertificates } from "node:tls";
import type { Socket, SocketHandler } from "bun";
import { isListener } from "../../../agent/contract/listener.ts";
import type { ProxyPlace } from "../../../agent/contract/proxy.ts";
import { throughProxy } from "./proxied.ts";
import type { Address } from "./request.ts";
import type { Dialler, WireUser } from "./wire.ts";

/** What we show to relays, PEM texts. */
export interface Identity {
  certificate_pem: string;
  key_pem: string;
}

/** What is known of the machines that runtimes are on. */
export interface Machines {
  /** SHA-256 of the certificates (DER, lower-case hex) that a host's relay may show now. */
  pins(host_id: string): readonly string[];
  /** USER gets the next tunnel of the host, joined to the replica of this NAME. False: there will be none. */
  claim(host_id: string, name: string, user: WireUser): boolean;
}

/** Who we are to relays, and whom we believe of services elsewhere. */
export interface Trust {
  identity: Identity | undefined;
  machines: Machines | undefined;
  /** PEM certificates beside the system's. */
  ca_pem: string | undefined;
}

/** After so much silence TCP asks, ten times a second apart (Bun's interval and count). */
const keepalive_ms = 20_000;

/** CONNECTION hears of everything that happens; the promise rejects when nobody listens there. */
export function dial(
  { host_id = "", host, port, listener, relay, provider }: Address,
  { identity, machines, ca_pem }: Trust,
  connection: Dialler,
): Promise<unknown> {
  if (relay?.tunnel) {
    const isComing = machines?.claim(host_id, relay.server_name, connection) ?? false;
    return isComing ? Promise.resolve() : Promise.reject(new Error("The host has no tunnel."));
  }
  const proxy = provider?.proxy;
  if (proxy && !proxy.is_http) {
    return Promise.reject(new Error("A proxy is spoken to by plain HTTP only."));
  }
  // Plain HTTP is read by the proxy itself.
  const next = proxy && !provider?.tls ? proxy : { host, port };
  const target = { hostname: next.host, port: next.port, data: connection };
  if (provider?.tls) return dialSecurely(target, { ...provider, tls: provider.tls }, ca_pem);
  if (!relay) {
    const isRuntime = () => listener === undefined || isListener(port, listener);
    return Bun.connect({ ...target, socket: direct(isRuntime) });
  }
  return Bun.connect({
    ...target,
    socket: relayed((sha256) => machines?.pins(host_id).includes(sha256) ?? false),
    tls: {
      ...(identity && { cert: identity.certificate_pem, key: identity.key_pem }),
      serverName: relay.server_name,
      // The server name is the replica's and the certificate the host's, and `Bun.connect` has no
      // checkServerIdentity. The very certificate is demanded instead, before a byte is sent.
      rejectUnauthorized: false,
    },
  });
}

/** To a service that shows a certificate. */
function dialSecurely(
  target: { hostname: string; port: number; data: Dialler },
  { tls: { server_name }, proxy }: { tls: { server_name: string }; proxy?: ProxyPlace },
  ca_pem: string | undefined,
): Promise<unknown> {
  // An address is no server name (RFC 6066 3); without one, Bun checks the certificate against HOST. In a tunnel it
  // would be the proxy's address, so there it is named.
  const serverName = isIP(server_name) && !proxy ? "" : server_name;
  const ca = ca_pem && { ca: alsoBelieving(ca_pem) };
  const tls = { serverName, rejectUnauthorized: true, ...ca };
  if (!proxy) return Bun.connect({ ...target, socket: certified, tls });
  return throughProxy(proxy, target, (raw) =>
    raw.upgradeTLS({ data: target.data, tls, socket: certified }),
  );
}

const events: SocketHandler<Dialler> = {
  data: (socket, bytes) => socket.data.received(bytes),
  drain: (socket) => socket.data.flush(),
  close: (socket, error) => socket.data.closed(error),
  error: (socket, error) => socket.data.closed(error),
  // Bun rejects the promise of `connect` after this; without a handler it also reports it as unhandled.
  connectError: () => undefined,
};

/**
 * The kernel has joined us to whoever listened when we came. If that is still the runtime's own socket, it was
 * so then: a socket that has stopped listening never does again. Asked once for a connection, not for a request.
 */
const direct = (isRuntime: () => boolean): SocketHandler<Dialler> => ({
  ...events,
  open(socket) {
    socket.data.reached(socket);
    if (isRuntime()) socket.data.ready();
    else socket.data.distrusted();
  },
});

/** A machine that falls silent in the middle of an answer is given up; only TCP can tell that from a pause. */
function elsewhere(socket: Socket<Dialler>): void {
  socket.setKeepAlive(true, keepalive_ms);
  socket.data.reached(socket);
}

const relayed = (isHost: (sha256: string) => boolean): SocketHandler<Dialler> => ({
  ...events,
  open: (socket) => elsewhere(socket),
  handshake(socket) {
    const seen = fingerprint(socket);
    if (seen === undefined) return;
    if (isHost(seen)) socket.data.ready();
    else socket.data.distrusted();
  },
});

/**
 * Bun's verdict is about the signer, the time and the name (as node:tls, of which it has no
 * `checkServerIdentity` here); it leaves it to us what to do about it.
 */
const certified: SocketHandler<Dialler> = {
  ...events,
  open: (socket) => elsewhere(socket),
  handshake(socket, isRight) {
    if (isRight) socket.data.ready();
    else socket.data.distrusted();
  },
};

/** Whom Bun believes by itself, which a list of our own replaces, and CA_PEM. */
const alsoBelieving = (ca_pem: string): string[] => [
  ...rootCertificates,
  ...getCACertificates("system"),
  ca_pem,
];

/** Undefined when the other side is no TLS server; the socket then closes by itself. */
function fingerprint(socket: Socket<Dialler>): string | undefined {
  const certificate = socket.getPeerX509Certificate() as { raw: Buffer } | undefined;
  return certificate && createHash("sha256").update(certificate.raw).digest("hex");
}
