/** How a connection comes to be: plainly on loopback, or in TLS through the relay of another machine. */
import { createHash } from "node:crypto";
import { checkServerIdentity, type PeerCertificate, rootCertificates } from "node:tls";
import type { Socket, SocketHandler } from "bun";
import type { Connection } from "./connection.ts";
import type { Address, RelayedTo } from "./request.ts";

/** What we show to relays, PEM texts. */
export interface Identity {
  certificate_pem: string;
  key_pem: string;
}

/** Who we are to relays, and whom we believe of services elsewhere. */
export interface Trust {
  identity: Identity | undefined;
  /** PEM certificates beside the system's. */
  ca_pem: string | undefined;
}

/** CONNECTION hears of everything that happens; the promise rejects when nobody listens there. */
export function dial(
  { host, port, relay, provider }: Address,
  { identity, ca_pem }: Trust,
  connection: Connection,
): Promise<unknown> {
  const target = { hostname: host, port, data: connection };
  if (provider?.tls) {
    const { server_name: serverName } = provider.tls;
    const ca = ca_pem === undefined ? {} : { ca: [...rootCertificates, ca_pem] };
    return Bun.connect({
      ...target,
      socket: named(serverName),
      tls: { serverName, rejectUnauthorized: true, ...ca },
    });
  }
  if (!relay) return Bun.connect({ ...target, socket: direct });
  return Bun.connect({
    ...target,
    socket: relayed(relay),
    tls: {
      ...(identity && { cert: identity.certificate_pem, key: identity.key_pem }),
      serverName: relay.server_name,
      // The server name is the replica's and the certificate the host's, and `Bun.connect` has no
      // checkServerIdentity. The very certificate is demanded instead, before a byte is sent.
      rejectUnauthorized: false,
    },
  });
}

const events: SocketHandler<Connection> = {
  data: (socket, bytes) => socket.data.received(bytes),
  drain: (socket) => socket.data.flush(),
  close: (socket, error) => socket.data.closed(error),
  error: (socket, error) => socket.data.closed(error),
  // Bun rejects the promise of `connect` after this; without a handler it also reports it as unhandled.
  connectError: () => undefined,
};

const direct: SocketHandler<Connection> = {
  ...events,
  open(socket) {
    socket.data.reached(socket);
    socket.data.ready();
  },
};

const relayed = ({ certificate_sha256 }: RelayedTo): SocketHandler<Connection> => ({
  ...events,
  open: (socket) => socket.data.reached(socket),
  handshake(socket) {
    const seen = fingerprint(socket);
    if (seen === certificate_sha256) socket.data.ready();
    else if (seen !== undefined) socket.data.distrusted();
  },
});

/** `Bun.connect` checks who signed the certificate, but not for whom (no checkServerIdentity). */
const named = (serverName: string): SocketHandler<Connection> => ({
  ...events,
  open: (socket) => socket.data.reached(socket),
  handshake(socket, success) {
    const certificate = socket.getPeerCertificate() as PeerCertificate | undefined;
    const isRight =
      success && certificate && checkServerIdentity(serverName, certificate) === undefined;
    if (isRight) socket.data.ready();
    else socket.data.distrusted();
  },
});

/** Undefined when the other side is no TLS server; the socket then closes by itself. */
function fingerprint(socket: Socket<Connection>): string | undefined {
  const certificate = socket.getPeerX509Certificate() as { raw: Buffer } | undefined;
  return certificate && createHash("sha256").update(certificate.raw).digest("hex");
}
