/**
 * The one port of a host that the control plane dials: TLS 1.3 in front of the ready replicas. Which
 * replica is meant, the TLS server name says; nothing else on loopback can be reached.
 */
import { constants } from "node:crypto";
import type { Socket, TCPSocketListener } from "bun";
import { CONTROL_PLANE_NAME } from "../contract/messages.ts";
import { openPassage, type Passage } from "./passage.ts";

export interface RelayOptions {
  /** PEM texts: this host's identity, and the CA that signed it and the control plane's. */
  identity: { key_pem: string; certificate_pem: string; ca_pem: string };
  /** 0 takes a free one; without it the usual one, or a free one where that is taken. */
  port: number | undefined;
  /** Loopback port of the ready replica that goes by this relay name. */
  portOf(name: string): number | undefined;
}

export interface Relay {
  port: number;
  /** Takes no more connections and ends those that are open. */
  close(): void;
}

interface Guest {
  passage: Passage | undefined;
}

const USUAL_PORT = 8444;
const GREETING_S = 10;

/** Throws an Error with a sentence when the port cannot be had. */
export function openRelay(options: RelayOptions): Relay {
  const listener = bind(options);
  return { port: listener.port, close: () => listener.stop(true) };
}

function bind(options: RelayOptions): TCPSocketListener<Guest> {
  const { port = USUAL_PORT } = options;
  try {
    return listen(options, port);
  } catch (cause) {
    if (options.port === undefined) return listen(options, 0);
    throw new Error(
      `Port ${port} for the relay is in use or may not be bound. Choose another with --relay-port.`,
      { cause },
    );
  }
}

function listen({ identity, portOf }: RelayOptions, port: number): TCPSocketListener<Guest> {
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
        socket.data = { passage: undefined };
        socket.timeout(GREETING_S);
      },
      handshake(socket, success) {
        const replica =
          success && isControlPlane(socket) ? portOf(socket.getServername()) : undefined;
        socket.timeout(0);
        if (replica === undefined) socket.terminate();
        else socket.data.passage = openPassage(socket, replica);
      },
      data: (socket, bytes) => socket.data.passage?.received(bytes),
      drain: (socket) => socket.data.passage?.drained(),
      close: (socket) => socket.data.passage?.abort(),
      error: (socket) => socket.data.passage?.abort(),
      timeout: (socket) => socket.terminate(),
    },
  });
}

/** The CA signs hosts too, and no host may use another one's runtimes. */
function isControlPlane(socket: Socket<Guest>): boolean {
  return (
    socket.authorized &&
    socket.getPeerX509Certificate().subjectAltName === `DNS:${CONTROL_PLANE_NAME}`
  );
}
