/**
 * The gRPC service that agents call, on the port of agent-port.ts. TLS asks for a client certificate but
 * does not demand it: Enrol demands a join token, all else the very certificate that the host was given.
 */
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import {
  type EnrolReply,
  type EnrolRequest,
  Fleet,
  type RenewRequest,
  type Report,
  type ReportStream,
} from "../../../agent/contract/protocol/messages.ts";
import type { Durable } from "../storage/durable.ts";
import { lineOf, unkept } from "./agent-line.ts";
import { type AgentAddress, openAgentPort } from "./agent-port.ts";
import type { Authority } from "./authority.ts";
import { type Enrolment, TokenRefused } from "./enrolment.ts";
import { GrpcConnection } from "./grpc-connection.ts";
import type { HostRow, Hosts } from "./hosts.ts";
import type { Removal } from "./presence.ts";
import { type Renewal, RenewalOvertaken } from "./renewal.ts";
import { RequestRefused } from "./request-refused.ts";
import type { Tunnels } from "./tunnels.ts";

export interface FleetServerParts {
  authority: Authority;
  enrolment: Pick<Enrolment, "redeem">;
  renewal: Pick<Renewal, "renew">;
  hosts: Pick<Hosts, "byCertificate" | "pins" | "connected" | "heard" | "disconnected">;
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
      const details = wordsOf(error);
      log(`an enrolment was refused: ${details}`);
      done({ code: codeOf(error), details });
    },
  );
}

function renew(
  { renewal, hosts, durable, log }: FleetServerParts,
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
        const details = wordsOf(error);
        log(`host ${host.id} got no new certificate: ${details}`);
        const isMember = hosts.pins(host.id).length > 0;
        done({ code: isMember ? codeOf(error) : status.UNAUTHENTICATED, details });
      },
    );
}

function connect(
  { hosts, durable, log }: FleetServerParts,
  host: HostRow | Removal,
  stream: ReportStream,
): void {
  const line = lineOf(stream, durable, log);
  if ("details" in host) {
    line.close("removed", host.details, host.keep_runtimes);
    return;
  }
  let greeted = false;
  let told = "";
  const failed = (error: unknown, ending: "fault" | null): void => {
    const words = wordsOf(error);
    if (words !== told) log(`host ${host.id}: ${words}`);
    told = words;
    // A report can arrive while its host is being removed.
    if (hosts.pins(host.id).length === 0) line.close("removed", words);
    else if (ending) line.close(ending, words);
  };
  stream.on("data", (report: Report) => {
    if (!("hello" in report) && !greeted) {
      line.close("senseless", "The first report must be a hello.");
      return;
    }
    const isFirst = !greeted;
    greeted = true;
    try {
      if (!isFirst) hosts.heard(host.id, report);
      else if ("hello" in report) {
        log(`host ${host.id} connected`);
        hosts.connected(host.id, report.hello, line);
      }
    } catch (error) {
      // Of a later report the next one says everything again.
      failed(error, isFirst ? "fault" : null);
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

/** An agent gives up what it has open when it reads UNAUTHENTICATED; a full disk of ours is no reason for that. */
function codeOf(error: unknown): status {
  if (error instanceof TokenRefused) return status.UNAUTHENTICATED;
  if (error instanceof RenewalOvertaken) return status.ABORTED;
  return error instanceof RequestRefused ? status.INVALID_ARGUMENT : status.UNAVAILABLE;
}

const wordsOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

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
