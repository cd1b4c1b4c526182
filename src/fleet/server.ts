/**
 * The gRPC port that agents dial. One port serves both calls: TLS asks for a client certificate but does
 * not demand it, Enrol demands a join token, Connect the very certificate that the host was given.
 */
import { createHash } from "node:crypto";
import { networkInterfaces } from "node:os";
import {
  experimental,
  Server,
  type ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import {
  type EnrolReply,
  type EnrolRequest,
  Fleet,
  type Report,
  type ReportStream,
} from "../../agent/contract/messages.ts";
import type { Authority } from "./authority.ts";
import { type Enrolment, TokenRefused } from "./enrolment.ts";
import type { Hosts, Line } from "./hosts.ts";

export interface FleetServerParts {
  authority: Authority;
  enrolment: Pick<Enrolment, "redeem">;
  hosts: Pick<Hosts, "byCertificate" | "connected" | "heard" | "disconnected">;
  log(line: string): void;
}

export interface FleetServer {
  port: number;
  /** Ends the streams. Agents and their runtimes go on, and dial again. */
  stop(): void;
}

/** A half-open connection is noticed within 30 s. */
const keepalive = {
  "grpc.keepalive_time_ms": 20_000,
  "grpc.keepalive_timeout_ms": 10_000,
  "grpc.max_receive_message_length": 32 * 1024 * 1024,
};

export interface FleetAddress {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Take a free one when this one is taken. */
  any_port: boolean;
}

/** Rejects with a sentence when the port is taken. */
export async function startFleetServer(
  parts: FleetServerParts,
  { host, port, any_port }: FleetAddress,
): Promise<FleetServer> {
  const server = new Server(keepalive);
  server.addService(Fleet.service, {
    Enrol: (call: ServerUnaryCall<EnrolRequest, EnrolReply>, done: sendUnaryData<EnrolReply>) => {
      enrol(parts, call.request, done);
    },
    Connect: (stream: ReportStream) => connect(parts, stream),
  });
  const creds = credentials(parts.authority);
  const bound = await bind(server, `${host}:${port}`, creds).catch((cause: unknown) => {
    if (any_port) return bind(server, `${host}:0`, creds);
    throw new Error(
      `Port ${port} for agents is in use or may not be bound. Choose another with --agent-port.`,
      { cause },
    );
  });
  return { port: bound, stop: () => server.forceShutdown() };
}

function bind(server: Server, address: string, creds: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, creds, (error, port) => (error ? reject(error) : resolve(port)));
  });
}

/**
 * Certificate providers are the only credentials of grpc-js that ask for a client certificate without
 * demanding it. Version 1.14.7 passes the two providers in each other's place, so one object is both.
 */
function credentials({ ca_pem, server }: Authority): ServerCredentials {
  const provider = {
    addCaCertificateListener: (listener: (update: { caCertificate: Buffer }) => void) =>
      queueMicrotask(() => listener({ caCertificate: Buffer.from(ca_pem) })),
    removeCaCertificateListener: () => undefined,
    addIdentityCertificateListener: (
      listener: (update: { certificate: Buffer; privateKey: Buffer }) => void,
    ) =>
      queueMicrotask(() =>
        listener({
          certificate: Buffer.from(server.certificate_pem),
          privateKey: Buffer.from(server.key_pem),
        }),
      ),
    removeIdentityCertificateListener: () => undefined,
  };
  return experimental.createCertificateProviderServerCredentials(provider, provider, false);
}

function enrol(
  { enrolment, log }: FleetServerParts,
  request: EnrolRequest,
  done: sendUnaryData<EnrolReply>,
): void {
  enrolment.redeem(request).then(
    (reply) => {
      log(`host ${reply.host_id} joined`);
      done(null, reply);
    },
    (error: unknown) => {
      const refused = error instanceof TokenRefused;
      const details = error instanceof Error ? error.message : "The enrolment failed.";
      log(`an enrolment was refused: ${details}`);
      done({ code: refused ? status.UNAUTHENTICATED : status.INVALID_ARGUMENT, details });
    },
  );
}

const not_a_member =
  "This host is not a member of the fleet, or was removed. Join with a new token from `hypervize hosts join-token`.";

function connect({ hosts, log }: FleetServerParts, stream: ReportStream): void {
  const certificate = stream.getAuthContext().sslPeerCertificate?.raw;
  const host = certificate && hosts.byCertificate(sha256(certificate));
  if (!host) {
    stream.emit("error", { code: status.UNAUTHENTICATED, details: not_a_member });
    return;
  }
  const line = lineOf(stream);
  let greeted = false;
  stream.on("data", (report: Report) => {
    try {
      if ("hello" in report && !greeted) {
        greeted = true;
        log(`host ${host.id} connected`);
        hosts.connected(host.id, report.hello, line);
      } else if (greeted) {
        hosts.heard(host.id, report);
      } else {
        line.close("The first report must be a hello.");
      }
    } catch (error) {
      // A report that arrives while its host is being removed, or one that makes no sense.
      line.close(error instanceof Error ? error.message : "The report could not be read.");
    }
  });
  const over = (): void => {
    if (greeted) hosts.disconnected(host.id, line);
    greeted = false;
  };
  stream.on("end", () => {
    over();
    stream.end();
  });
  stream.on("cancelled", over);
  stream.on("error", over);
  stream.on("close", over);
}

function lineOf(stream: ReportStream): Line {
  return {
    remote_address: remoteAddress(stream.getPeer()),
    send: (command) => {
      stream.write(command);
    },
    close: (reason) => {
      stream.emit("error", { code: status.UNAUTHENTICATED, details: reason });
    },
  };
}

/**
 * Null when the agent shares our network stack, so that its loopback is ours. It dialled from one of our
 * own addresses exactly then; a machine id would be wrong for containers and network namespaces.
 */
function remoteAddress(peer: string): string | null {
  const address = peer
    .replace(/:\d+$/, "")
    .replace(/^\[|\]$/g, "")
    .replace(/^::ffff:/, "");
  if (address.startsWith("127.") || address === "::1") return null;
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return own.some((entry) => entry.address === address) ? null : address;
}

function sha256(der: Buffer): string {
  return createHash("sha256").update(der).digest("hex");
}
