/**
 * The one port of a host that the control plane dials: TLS 1.3 in front of the ready replicas. Which
 * replica is meant, the TLS server name says; nothing else on loopback can be reached. Other hosts of the
 * fleet may ask here for weights, and for nothing else.
 */
import { constants, createHash } from "node:crypto";
import type { Socket, TCPSocketListener } from "bun";
import { control_plane_name } from "../contract/protocol/messages.ts";
import type { PeerSocket } from "../weights/peers/answering.ts";
import { peers_name } from "../weights/peers/protocol.ts";
import { type Door, openTcpForward, type TcpForward } from "./tcp-forward.ts";

/** PEM texts: who this host is, and the CA that signed it and the control plane's. */
export interface HostIdentity {
  key_pem: string;
  certificate_pem: string;
  ca_pem: string;
}

export interface RelayOptions {
  identity: HostIdentity;
  /** 0 takes a free one; without it the usual one, or a free one where that is taken. */
  port: number | undefined;
  /** Where the ready replica listens that goes by this relay name. */
  doorOf(name: string): Door | undefined;
  peers: PeerDoor;
}

/** Where other hosts of the fleet ask for weights, see weights/peers/protocol.ts. */
export interface PeerDoor {
  /** Whether the host with this certificate may ask. */
  admits(certificate_sha256: string): boolean;
  answering(socket: PeerSocket): Visit;
}

/** What becomes of a connection. */
type Visit = Pick<TcpForward, "received" | "drained" | "abort">;

export interface Relay {
  port: number;
  /** New connections see this identity; those that are open go on with theirs. */
  use(identity: HostIdentity): void;
  /** Takes no more connections and ends those that are open. */
  close(): void;
}

interface Guest {
  visit: Visit | undefined;
}

const usual_port = 8444;
const greeting_s = 10;
const again_ms = 1000;

/** Throws an Error with a sentence when the port cannot be had. */
export function openRelay(options: RelayOptions): Relay {
  // Also those of listeners that were left.
  const open = new Set<Socket<Guest>>();
  let listener: TCPSocketListener<Guest> | undefined = bind(options, open);
  const { port } = listener;
  let again: Timer | undefined;
  const change = (identity: HostIdentity) => {
    clearTimeout(again);
    // `Bun.listen` cannot change its certificate, so it is left for a new one within one turn. Who waits to
    // be accepted in that moment is reset before it has sent anything.
    listener?.stop(false);
    listener = undefined;
    try {
      listener = listen({ ...options, identity }, port, open);
    } catch {
      again = setTimeout(change, again_ms, identity);
    }
  };
  return {
    port,
    use: change,
    close() {
      clearTimeout(again);
      listener?.stop(true);
      for (const socket of open) socket.terminate();
    },
  };
}

function bind(options: RelayOptions, open: Set<Socket<Guest>>): TCPSocketListener<Guest> {
  const { port = usual_port } = options;
  try {
    return listen(options, port, open);
  } catch (cause) {
    if (options.port === undefined) return listen(options, 0, open);
    throw new Error(
      `Port ${port} for the relay is in use or may not be bound. Choose another with --relay-port.`,
      { cause },
    );
  }
}

function listen(
  { identity, doorOf, peers }: RelayOptions,
  port: number,
  open: Set<Socket<Guest>>,
): TCPSocketListener<Guest> {
  return Bun.listen<Guest>({
    hostname: "0.0.0.0",
    port,
    tls: {
      key: identity.key_pem,
      cert: identity.certificate_pem,
      ca: identity.ca_pem,
      requestCert: true,
      rejectUnauthorized: true,
      secureOptions: constants.SSL_OP_NO_TLSv1_2 | constants.SSL_OP_NO_TLSv1_1,
    },
    socket: {
      open(socket) {
        open.add(socket);
        socket.data = { visit: undefined };
        socket.timeout(greeting_s);
      },
      handshake(socket, success) {
        socket.data.visit = success ? admit(socket, { doorOf, peers }) : undefined;
        socket.timeout(0);
        if (socket.data.visit === undefined) socket.terminate();
      },
      data: (socket, bytes) => socket.data.visit?.received(bytes),
      drain: (socket) => socket.data.visit?.drained(),
      close(socket) {
        open.delete(socket);
        socket.data.visit?.abort();
      },
      error: (socket) => socket.data.visit?.abort(),
      timeout: (socket) => socket.terminate(),
    },
  });
}

function admit(
  socket: Socket<Guest>,
  { doorOf, peers }: Pick<RelayOptions, "doorOf" | "peers">,
): Visit | undefined {
  const name = socket.getServername();
  if (name === peers_name) {
    const { raw } = socket.getPeerX509Certificate();
    const sha256 = createHash("sha256").update(raw).digest("hex");
    return socket.authorized && peers.admits(sha256) ? peers.answering(socket) : undefined;
  }
  const replica = isControlPlane(socket) ? doorOf(name) : undefined;
  return replica === undefined ? undefined : openTcpForward(socket, replica);
}

/** The CA signs hosts too, and no host may use another one's runtimes. */
function isControlPlane(socket: Socket<Guest>): boolean {
  return (
    socket.authorized &&
    socket.getPeerX509Certificate().subjectAltName === `DNS:${control_plane_name}`
  );
}
