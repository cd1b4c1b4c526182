import { createHash } from "node:crypto";
import {
  experimental,
  Metadata,
  Server,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import { encodeJoinToken } from "../contract/protocol/join-token.ts";
import {
  type Command,
  control_plane_name,
  type Desired,
  type EnrolReply,
  type EnrolRequest,
  Fleet,
  type Heartbeat,
  type Hello,
  type LogLines,
  type Observed,
  type Report,
  type ReportStream,
  removed_header,
} from "../contract/protocol/messages.ts";
import { TestAuthority } from "./authority.testbed.ts";

/** 22 characters, as a real secret has. */
const secret = "testbedSecret000000001";

/**
 * A control plane for the agent's tests: its own CA, the real gRPC service over mTLS, and a
 * script instead of a database.
 */
export class Testbed {
  readonly hellos: Hello[] = [];
  readonly heartbeats: Heartbeat[] = [];
  readonly observed: Observed[] = [];
  readonly logs: LogLines[] = [];
  /** Set to refuse the next streams as those of a removed host. */
  removed = false;
  /** What they are told of their runtimes; undefined: nothing, as a control plane that does not know them. */
  removal: "end-runtimes" | "keep-runtimes" | undefined;
  /** Set to end the next streams so. */
  ending: { code: status; details: string } | undefined;
  /** How many asked to enrol, with whatever secret. */
  enrolments = 0;
  port = 0;
  readonly authority: TestAuthority;
  #server: Server | undefined;
  #stream: ReportStream | undefined;
  #desired: Desired = { generation: 0, replicas: [] };
  readonly #waiters = new Set<() => void>();

  private constructor(authority: TestAuthority) {
    this.authority = authority;
  }

  static async start(): Promise<Testbed> {
    const testbed = new Testbed(await TestAuthority.create());
    await testbed.listen();
    return testbed;
  }

  /** Listens, on the same port as before if there was one. */
  async listen(): Promise<void> {
    const server = new Server();
    server.addService(Fleet.service, {
      Enrol: (call: ServerUnaryCall<EnrolRequest, EnrolReply>, done: sendUnaryData<EnrolReply>) =>
        this.#enrol(call.request).then((reply) => done(null, reply), done),
      Connect: (stream: ReportStream) => this.#accept(stream),
    });
    const credentials = await this.#credentials();
    this.port = await new Promise<number>((settle, fail) =>
      server.bindAsync(`127.0.0.1:${this.port}`, credentials, (error, port) =>
        error ? fail(error) : settle(port),
      ),
    );
    this.#server = server;
  }

  /** Ends every connection; `listen` brings it back. */
  close(): void {
    this.#server?.forceShutdown();
    this.#server = undefined;
    this.#stream = undefined;
  }

  get caSha256(): string {
    return createHash("sha256").update(this.authority.der).digest("hex");
  }

  token(changes: { secret?: string; ca_sha256?: string; addresses?: string[] } = {}): string {
    const addresses = [`127.0.0.1:${this.port}`];
    return encodeJoinToken({ addresses, ca_sha256: this.caSha256, secret: secret, ...changes });
  }

  desire(desired: Desired): void {
    this.#desired = desired;
    this.command({ desired });
  }

  command(command: Command): void {
    this.#stream?.write(command);
  }

  /** The first observed set from now on, or the last one received, that MATCHES. */
  async until(matches: (observed: Observed) => boolean): Promise<Observed> {
    for (;;) {
      const last = this.observed.at(-1);
      if (last !== undefined && matches(last)) return last;
      await new Promise<void>((settle) => this.#waiters.add(settle));
    }
  }

  /** Resolves when CONDITION holds, looked at after every report. */
  async when(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((settle) => this.#waiters.add(settle));
  }

  #accept(stream: ReportStream): void {
    if (stream.getAuthContext().sslPeerCertificate === undefined || this.removed) {
      const metadata = new Metadata();
      if (this.removal) metadata.set(removed_header, this.removal);
      const details = "This host was removed.";
      stream.emit("error", { code: status.UNAUTHENTICATED, details, metadata });
      return;
    }
    if (this.ending) {
      stream.emit("error", this.ending);
      return;
    }
    this.#stream = stream;
    stream.on("data", (report: Report) => this.#receive(stream, report));
    stream.on("error", () => undefined);
    stream.on("end", () => stream.end());
  }

  #receive(stream: ReportStream, report: Report): void {
    if ("hello" in report) {
      this.hellos.push(report.hello);
      stream.write({ welcome: { host_id: "host_test", heartbeat_interval_s: 1 } });
      if (this.#desired.generation > 0) stream.write({ desired: this.#desired });
    }
    if ("observed" in report) this.observed.push(report.observed);
    if ("heartbeat" in report) this.heartbeats.push(report.heartbeat);
    if ("log" in report) this.logs.push(report.log);
    for (const wake of this.#waiters) wake();
    this.#waiters.clear();
  }

  async #enrol(request: EnrolRequest): Promise<EnrolReply> {
    this.enrolments += 1;
    if (request.secret !== secret) {
      throw { code: status.UNAUTHENTICATED, details: "This join token was used already." };
    }
    return {
      host_id: "host_test",
      certificate_pem: await this.authority.certify(request.csr_pem, "host_test"),
      ca_pem: this.authority.ca_pem,
    };
  }

  /** Asks for client certificates and accepts none: enrolling agents have none yet. */
  async #credentials() {
    const { key_pem, certificate_pem, ca_pem } = await this.authority.issue(control_plane_name);
    const identity = {
      certificate: Buffer.from(`${certificate_pem}\n${ca_pem}`),
      privateKey: Buffer.from(key_pem),
    };
    const provider = {
      addCaCertificateListener: (listener: (update: { caCertificate: Buffer }) => void) =>
        queueMicrotask(() => listener({ caCertificate: Buffer.from(ca_pem) })),
      removeCaCertificateListener: () => undefined,
      addIdentityCertificateListener: (listener: (update: typeof identity) => void) =>
        queueMicrotask(() => listener(identity)),
      removeIdentityCertificateListener: () => undefined,
    };
    return experimental.createCertificateProviderServerCredentials(provider, provider, false);
  }
}
