/**
 * The one port that agents dial, for gRPC and for tunnels. TLS is ended here for both, and ALPN tells
 * which is meant: Bun cannot hand a connection to grpc-js once it has looked into it, but grpc-js takes
 * connections that are decrypted already (its connection injector, grpc-js 1.14.7), and a tunnel needs
 * the socket itself, because bytes through node's streams cost twice the time.
 */
import { createHash } from "node:crypto";
import type { Socket, TCPSocketListener } from "bun";
import { alpn, tunnel_protocol } from "../../../agent/contract/protocol/tunnel.ts";
import type { Authority } from "./authority.ts";

/** What a connection turned out to be; its socket's events go there. */
export interface Guest {
  received(bytes: Buffer): void;
  drained(): void;
  /** Called once, however it ended. */
  lost(error: Error | undefined): void;
}

export type AgentSocket = Socket<{ guest: Guest | undefined }>;

export interface Reception {
  /** CERTIFICATE_SHA256: of the one that was shown, whoever signed it; null: none. Undefined turns it away. */
  tunnel(socket: AgentSocket, certificate_sha256: string | null): Guest | undefined;
  grpc(socket: AgentSocket, certificate_sha256: string | null): Guest;
}

export interface AgentAddress {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Take a free one when this one is taken. */
  any_port: boolean;
}

const greeting_s = 10;
/** An idle connection of which nothing is known for this long is asked by TCP, and given up 10 s later. */
const keepalive_ms = 20_000;

/** Throws an Error with a sentence when the port cannot be had. */
export function openAgentPort(
  authority: Authority,
  { host, port, any_port }: AgentAddress,
  reception: Reception,
): TCPSocketListener<AgentSocket["data"]> {
  try {
    return listen(authority, host, port, reception);
  } catch (cause) {
    if (any_port) return listen(authority, host, 0, reception);
    throw new Error(
      `Port ${port} for agents is in use or may not be bound. Choose another with --agent-port.`,
      { cause },
    );
  }
}

function listen({ ca_pem, server }: Authority, host: string, port: number, reception: Reception) {
  return Bun.listen<AgentSocket["data"]>({
    hostname: host,
    port,
    tls: {
      key: server.key_pem,
      cert: server.certificate_pem,
      ca: ca_pem,
      // Asked for, not demanded: who enrols has none yet. Everybody else is known by its fingerprint.
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: alpn("h2", tunnel_protocol),
    },
    socket: {
      open(socket) {
        socket.data = { guest: undefined };
        socket.timeout(greeting_s);
      },
      handshake(socket, success) {
        socket.timeout(0);
        const guest = success ? greet(socket, reception) : undefined;
        if (guest) socket.data.guest = guest;
        else socket.terminate();
      },
      data: (socket, bytes) => socket.data.guest?.received(bytes),
      drain: (socket) => socket.data.guest?.drained(),
      close: (socket, error) => leave(socket, error),
      error: (socket, error) => leave(socket, error),
      timeout: (socket) => socket.terminate(),
    },
  });
}

function greet(socket: AgentSocket, reception: Reception): Guest | undefined {
  const certificate = socket.getPeerX509Certificate() as { raw: Buffer } | undefined;
  const sha256 = certificate ? createHash("sha256").update(certificate.raw).digest("hex") : null;
  socket.setKeepAlive(true, keepalive_ms);
  if (socket.alpnProtocol === tunnel_protocol) return reception.tunnel(socket, sha256);
  return reception.grpc(socket, sha256);
}

function leave(socket: AgentSocket, error: Error | undefined): void {
  const { guest } = socket.data;
  socket.data.guest = undefined;
  guest?.lost(error);
}
