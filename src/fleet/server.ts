/**
 * The gRPC service that agents call, on the port of agent-port.ts. TLS asks for a client certificate but
 * does not demand it: Enrol demands a join token, all else the very certificate that the host was given.
 */
import { networkInterfaces } from "node:os";
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import {
  type Command,
  type EnrolReply,
  type EnrolRequest,
  Fleet,
  REMOVED_HEADER,
  type RenewRequest,
  type Report,
  type ReportStream,
} from "../../agent/contract/messages.ts";
import type { Durable } from "../storage/durable.ts";
import { type AgentAddress, openAgentPort } from "./agent-port.ts";
import type { Authority } from "./authority.ts";
import { type Enrolment, TokenRefused } from "./enrolment.ts";
import { GrpcConnection } from "./grpc-connection.ts";
import type { HostRow, Hosts } from "./hosts.ts";
import type { Line, Removal } from "./presence.ts";
import { type Renewal, RenewalOvertaken } from "./renewal.ts";
import type { Tunnels } from "./tunnels.ts";

export interface FleetServerParts {
  authority: Authority;
  enrolment: Pick<Enrolment, "redeem">;
  renewal: Pick<Renewal, "renew">;
  hosts: Pick<Hosts, "byCertificate" | "connected" | "heard" | "disconnected">;
  tunnels: Pick<Tunnels, "admit">;
  /** No agent is promised anything before this. */
  durable: Durable;
  log(line: string): void;
}

export interface FleetServer {
  port: number;
  /** Ends the streams and tunnels. Agents and their runtimes go on, and dial again. */
  stop(): void;
}

/** A half-open connection is noticed within 30 s. */
const keepalive = {
  "grpc.keepalive_time_ms": 20_000,
  "grpc.keepalive_timeout_ms": 10_000,
  "grpc.max_receive_message_length": 32 * 1024 * 1024,
};

/** Throws an Error with a sentence when the port is taken. */
export function startFleetServer(parts: FleetServerParts, address: AgentAddress): FleetServer {
  const server = new Server(keepalive);
  // Fingerprints of the certificates that were shown, by what grpc-js calls the peer of a call.
  const shown = new Map<string, string | null>();
  const callerOf = (call: { getPeer(): string }) =>
    parts.hosts.byCertificate(shown.get(call.getPeer()) ?? null);
  server.addService(Fleet.service, {
    Enrol: (call: ServerUnaryCall<EnrolRequest, EnrolReply>, done: sendUnaryData<EnrolReply>) => {
      enrol(parts, call.request, done);
    },
    Renew: (call: ServerUnaryCall<RenewRequest, EnrolReply>, done: sendUnaryData<EnrolReply>) => {
      renew(parts, callerOf(call), call, done);
    },
    Connect: (stream: ReportStream) => connect(parts, callerOf(stream), stream),
  });
  // TLS has been taken off already.
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = openAgentPort(parts.authority, address, {
    grpc(socket, certificate_sha256) {
      const connection = new GrpcConnection(socket);
      const peer = `${connection.remoteAddress}:${connection.remotePort}`;
      shown.set(peer, certificate_sha256);
      connection.once("close", () => shown.delete(peer));
      injector.injectConnection(connection);
      return connection;
    },
    tunnel(socket, certificate_sha256) {
      const host = parts.hosts.byCertificate(certificate_sha256);
      return "details" in host ? undefined : parts.tunnels.admit(host.id, socket);
    },
  });
  return {
    port: listener.port,
    stop() {
      server.forceShutdown();
      listener.stop(true);
    },
  };
}

function enrol(
  { enrolment, durable, log }: FleetServerParts,
  request: EnrolRequest,
  done: sendUnaryData<EnrolReply>,
): void {
  enrolment.redeem(request).then(
    async (reply) => {
      // A token that is good again after a power cut admits a second host; a row that is lost shuts this one out.
      if (!(await isKept(durable, log, done))) return;
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

function renew(
  { renewal, durable, log }: FleetServerParts,
  host: HostRow | Removal,
  call: ServerUnaryCall<RenewRequest, EnrolReply>,
  done: sendUnaryData<EnrolReply>,
): void {
  if ("details" in host) {
    done({ code: status.UNAUTHENTICATED, details: host.details });
    return;
  }
  renewal
    .renew(host.id, call.request.csr_pem, () => call.cancelled)
    .then(
      async (reply) => {
        if (!(await isKept(durable, log, done))) return;
        if (reply.certificate_pem) log(`host ${host.id} gets a new certificate`);
        done(null, reply);
      },
      (error: unknown) => {
        const details = error instanceof Error ? error.message : "The renewal failed.";
        log(`host ${host.id} got no new certificate: ${details}`);
        const code = error instanceof RenewalOvertaken ? status.ABORTED : status.INVALID_ARGUMENT;
        done({ code, details });
      },
    );
}

function connect(
  { hosts, durable, log }: FleetServerParts,
  host: HostRow | Removal,
  stream: ReportStream,
): void {
  if ("details" in host) {
    refuse(stream, host);
    return;
  }
  const line = lineOf(stream, durable, log);
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

/** Answers the call itself when what was committed cannot be brought to the disk. */
async function isKept(
  durable: Durable,
  log: (line: string) => void,
  done: sendUnaryData<EnrolReply>,
): Promise<boolean> {
  try {
    await durable();
    return true;
  } catch (error) {
    log(`fleet: ${unkept} (${String(error)})`);
    done({ code: status.UNAVAILABLE, details: unkept });
    return false;
  }
}

const unkept = "The control plane cannot write to its disk. Look at the disk there, and try again.";

/**
 * A desired set waits for the disk, since after a power cut an older one would be refused; what is sent after it stays
 * behind it. All else goes at once.
 */
function lineOf(stream: ReportStream, durable: Durable, log: (line: string) => void): Line {
  let before: Promise<void> | undefined;
  const write = (command: Command): void => {
    if (!stream.cancelled && !stream.writableEnded) stream.write(command);
  };
  const inTurn = async (command: Command, earlier: Promise<void> | undefined): Promise<void> => {
    await earlier;
    if ("desired" in command) await durable();
    write(command);
  };
  return {
    remote_address: remoteAddress(stream.getPeer()),
    send(command) {
      if (!before && !("desired" in command)) {
        write(command);
        return;
      }
      const sent = inTurn(command, before).catch((error: unknown) => {
        log(`fleet: ${unkept} (${String(error)})`);
        // It dials again, and is then told all of it.
        stream.emit("error", { code: status.UNAVAILABLE, details: unkept });
      });
      before = sent;
      void sent.then(() => {
        if (before === sent) before = undefined;
      });
    },
    close: (reason) => {
      stream.emit("error", { code: status.UNAUTHENTICATED, details: reason });
    },
    remove: (removal) => refuse(stream, removal),
  };
}

function refuse(stream: ReportStream, { details, keep_runtimes }: Removal): void {
  const metadata = new Metadata();
  if (keep_runtimes !== null) {
    metadata.set(REMOVED_HEADER, keep_runtimes ? "keep-runtimes" : "end-runtimes");
  }
  stream.emit("error", { code: status.UNAUTHENTICATED, details, metadata });
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
