/** How a connection comes to be: plainly on loopback, in TLS through another machine's relay, or to a provider. */
import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { getCACertificates, rootCertificates } from "node:tls";
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
    const { server_name } = provider.tls;
    // An address is no server name (RFC 6066 3); without one, Bun checks the certificate against HOST.
    const serverName = isIP(server_name) ? "" : server_name;
    return Bun.connect({
      ...target,
      socket: certified,
      tls: { serverName, rejectUnauthorized: true, ...(ca_pem && { ca: alsoBelieving(ca_pem) }) },
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

/**
 * Bun's verdict is about the signer, the time and the name (as node:tls, of which it has no
 * `checkServerIdentity` here); it leaves it to us what to do about it.
 */
const certified: SocketHandler<Connection> = {
  ...events,
  open: (socket) => socket.data.reached(socket),
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
function fingerprint(socket: Socket<Connection>): string | undefined {
  const certificate = socket.getPeerX509Certificate() as { raw: Buffer } | undefined;
  return certificate && createHash("sha256").update(certificate.raw).digest("hex");
}
