import "reflect-metadata";
import { createHash } from "node:crypto";
import {
  experimental,
  Server,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import {
  BasicConstraintsExtension,
  PemConverter,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { encodeJoinToken } from "./contract/join-token.ts";
import {
  CONTROL_PLANE_NAME,
  type Desired,
  type EnrolReply,
  type EnrolRequest,
  Fleet,
  type Heartbeat,
  type Hello,
  type Observed,
  type Report,
  type ReportStream,
} from "./contract/messages.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const YEAR_MS = 365 * 86_400_000;
/** 22 characters, as a real secret has. */
const SECRET = "testbedSecret000000001";

/**
 * A control plane for the agent's tests: a CA of its own, the real gRPC service over mTLS, and a
 * script instead of a database.
 */
export class Testbed {
  readonly hellos: Hello[] = [];
  readonly heartbeats: Heartbeat[] = [];
  readonly observed: Observed[] = [];
  /** Set to refuse the next streams as those of a removed host. */
  removed = false;
  /** How many asked to enrol, with whatever secret. */
  enrolments = 0;
  port = 0;
  private readonly ca: X509Certificate;
  private readonly caKeys: CryptoKeyPair;
  private server: Server | undefined;
  private stream: ReportStream | undefined;
  private desired: Desired = { generation: 0, replicas: [] };
  private readonly waiters = new Set<() => void>();

  private constructor(ca: X509Certificate, caKeys: CryptoKeyPair) {
    this.ca = ca;
    this.caKeys = caKeys;
  }

  static async start(): Promise<Testbed> {
    const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
    const ca = await X509CertificateGenerator.createSelfSigned({
      name: "CN=testbed CA",
      keys,
      notBefore: new Date(Date.now() - 300_000),
      notAfter: new Date(Date.now() + YEAR_MS),
      signingAlgorithm: ALGORITHM,
      extensions: [new BasicConstraintsExtension(true, 1, true)],
    });
    const testbed = new Testbed(ca, keys);
    await testbed.listen();
    return testbed;
  }

  /** Listens, on the same port as before if there was one. */
  async listen(): Promise<void> {
    const server = new Server();
    server.addService(Fleet.service, {
      Enrol: (call: ServerUnaryCall<EnrolRequest, EnrolReply>, done: sendUnaryData<EnrolReply>) =>
        this.enrol(call.request).then((reply) => done(null, reply), done),
      Connect: (stream: ReportStream) => this.accept(stream),
    });
    const credentials = await this.credentials();
    this.port = await new Promise<number>((settle, fail) =>
      server.bindAsync(`127.0.0.1:${this.port}`, credentials, (error, port) =>
        error ? fail(error) : settle(port),
      ),
    );
    this.server = server;
  }

  /** Ends every connection; `listen` brings it back. */
  close(): void {
    this.server?.forceShutdown();
    this.server = undefined;
    this.stream = undefined;
  }

  get caSha256(): string {
    return createHash("sha256").update(Buffer.from(this.ca.rawData)).digest("hex");
  }

  token(changes: { secret?: string; ca_sha256?: string; addresses?: string[] } = {}): string {
    const addresses = [`127.0.0.1:${this.port}`];
    return encodeJoinToken({ addresses, ca_sha256: this.caSha256, secret: SECRET, ...changes });
  }

  desire(desired: Desired): void {
    this.desired = desired;
    this.stream?.write({ desired });
  }

  /** The first observed set from now on, or the last one received, that MATCHES. */
  async until(matches: (observed: Observed) => boolean): Promise<Observed> {
    for (;;) {
      const last = this.observed.at(-1);
      if (last !== undefined && matches(last)) return last;
      await new Promise<void>((settle) => this.waiters.add(settle));
    }
  }

  /** Resolves when CONDITION holds, looked at after every report. */
  async when(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((settle) => this.waiters.add(settle));
  }

  private accept(stream: ReportStream): void {
    if (stream.getAuthContext().sslPeerCertificate === undefined || this.removed) {
      stream.emit("error", { code: status.UNAUTHENTICATED, details: "This host was removed." });
      return;
    }
    this.stream = stream;
    stream.on("data", (report: Report) => this.receive(stream, report));
    stream.on("error", () => undefined);
    stream.on("end", () => stream.end());
  }

  private receive(stream: ReportStream, report: Report): void {
    if ("hello" in report) {
      this.hellos.push(report.hello);
      stream.write({ welcome: { host_id: "host_test", heartbeat_interval_s: 1 } });
      if (this.desired.generation > 0) stream.write({ desired: this.desired });
    }
    if ("observed" in report) this.observed.push(report.observed);
    if ("heartbeat" in report) this.heartbeats.push(report.heartbeat);
    for (const wake of this.waiters) wake();
    this.waiters.clear();
  }

  private async enrol(request: EnrolRequest): Promise<EnrolReply> {
    this.enrolments += 1;
    if (request.secret !== SECRET) {
      throw { code: status.UNAUTHENTICATED, details: "This join token was used already." };
    }
    const csr = new Pkcs10CertificateRequest(request.csr_pem);
    const certificate = await this.sign(await csr.publicKey.export(), "host_test");
    return {
      host_id: "host_test",
      certificate_pem: certificate.toString("pem"),
      ca_pem: this.ca.toString("pem"),
    };
  }

  private sign(publicKey: CryptoKey, name: string): Promise<X509Certificate> {
    return X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: this.ca.subject,
      notBefore: new Date(Date.now() - 300_000),
      notAfter: new Date(Date.now() + YEAR_MS),
      publicKey,
      signingKey: this.caKeys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [new SubjectAlternativeNameExtension([{ type: "dns", value: name }])],
    });
  }

  /** Asks for client certificates and accepts none: enrolling agents have none yet. */
  private async credentials() {
    const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
    const own = await this.sign(keys.publicKey, CONTROL_PLANE_NAME);
    const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
    const ca_pem = this.ca.toString("pem");
    const identity = {
      certificate: Buffer.from(`${own.toString("pem")}\n${ca_pem}`),
      privateKey: Buffer.from(PemConverter.encode(pkcs8, "PRIVATE KEY")),
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
