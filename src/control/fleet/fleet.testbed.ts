/** The control plane's fleet side and bare agents, over real gRPC and TLS on loopback. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ChannelCredentials, credentials, type ServiceError } from "@grpc/grpc-js";
import { networkId } from "../../../agent/contract/network-id.ts";
import { decodeJoinToken } from "../../../agent/contract/protocol/join-token.ts";
import {
  type Command,
  type CommandStream,
  control_plane_name,
  type EnrolReply,
  Fleet,
  type Hello,
  type ObservedReplica,
} from "../../../agent/contract/protocol/messages.ts";
import { type Database, openDatabase } from "../storage/database.ts";
import type { Durable } from "../storage/durable.ts";
import { type Authority, loadAuthority } from "./authority.ts";
import { Enrolment } from "./enrolment.ts";
import { Hosts } from "./hosts.ts";
import { Renewal } from "./renewal.ts";
import { type FleetServer, startFleetServer } from "./server.ts";
import { newRequest } from "./signing.testbed.ts";
import { Tunnels } from "./tunnels.ts";

export interface Member extends EnrolReply {
  key_pem: string;
}

export interface ControlPlane {
  authority: Authority;
  enrolment: Enrolment;
  hosts: Hosts;
  tunnels: Tunnels;
  server: FleetServer;
}

export const hello: Hello = {
  agent_version: "1.2.3",
  relay_port: 8444,
  labels: { region: "eu" },
  tunnel: false,
  network: networkId(),
  inventory: {
    host_name: "gpu-1",
    os: "Debian",
    kernel: "6",
    arch: "x64",
    cpu_count: 2,
    cpu_model: "cpu",
    memory_bytes: 1,
    disk_bytes: 1,
    disk_free_bytes: 1,
    gpus: [],
    runtimes: [{ name: "llama-server", version: "1", path: "/bin/llama-server" }],
    machine_id: "m",
  },
};

export const observedReplica = (id: string): ObservedReplica => ({
  id,
  epoch: 1,
  state: "ready",
  host: "127.0.0.1",
  port: 9,
  pid: 1,
  started_at_ms: 1,
  restarts: 0,
  cause: "",
  detail: "",
  log_tail: [],
  ready_after_ms: 1,
  phase: "",
  downloaded_bytes: 0,
  download_bytes: 0,
  download_bytes_per_s: 0,
  gpu_memory_bytes: 0,
  memory_bytes: 0,
  listener: 7,
});

/** A home and a database that control planes can be started on, one after the other. */
export class FleetWorld {
  readonly home = mkdtempSync(join(tmpdir(), "hypervize-fleet-"));
  readonly database: Database = openDatabase(":memory:");
  now_ms = Date.now();
  durable: Durable = async () => undefined;

  async start(port = 0): Promise<ControlPlane> {
    const now = () => this.now_ms;
    const authority = await loadAuthority(this.home, this.now_ms);
    const hosts = new Hosts(this.database, now);
    const addresses = () => [`127.0.0.1:${server.port}`];
    const joined = () => hosts.added();
    const { database } = this;
    const enrolment = new Enrolment({ database, authority, now, addresses, joined });
    const renewal = new Renewal({ authority, hosts, now });
    const tunnels = new Tunnels({
      send: (id, command) => hosts.send(id, command),
      changed: () => undefined,
      now: () => performance.now(),
    });
    hosts.onRemove((id) => tunnels.remove(id));
    const durable = () => this.durable();
    const parts = { authority, enrolment, renewal, hosts, tunnels, durable, log: () => undefined };
    const address = { host: "127.0.0.1", port, any_port: false };
    const server = startFleetServer(parts, address);
    return { authority, enrolment, hosts, tunnels, server };
  }

  end(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}

export function newSecret({ enrolment }: ControlPlane, expires_in_s = 3600): string {
  return decodeJoinToken(enrolment.createToken("admin@example.org", expires_in_s).token).secret;
}

/** Joins with a fresh key, as an agent does; rejects with the ServiceError. */
export async function enrol(plane: ControlPlane, secret: string): Promise<Member> {
  const { csr_pem, key_pem } = await newRequest();
  const client = dial(plane, credentials.createSsl(Buffer.from(plane.authority.ca_pem)));
  const reply = await new Promise<EnrolReply>((resolve, reject) => {
    const done = (error: ServiceError | null, answer: EnrolReply) =>
      error ? reject(error) : resolve(answer);
    client["Enrol"]?.({ secret, csr_pem, host_name: "gpu-1" }, done);
  });
  client.close();
  return { ...reply, key_pem };
}

/** What a member gets for its request; rejects with the ServiceError. */
export async function renewed(plane: ControlPlane, member: Member, csr_pem: string) {
  const client = dial(plane, identityOf(plane, member));
  const reply = new Promise<EnrolReply>((resolve, reject) => {
    const done = (error: ServiceError | null, answer: EnrolReply) =>
      error ? reject(error) : resolve(answer);
    client["Renew"]?.({ csr_pem }, done);
  });
  return reply.finally(() => client.close());
}

function identityOf(
  { authority }: ControlPlane,
  identity: Pick<Member, "key_pem" | "certificate_pem"> | undefined,
): ChannelCredentials {
  const key = identity ? Buffer.from(identity.key_pem) : null;
  const certificate = identity ? Buffer.from(identity.certificate_pem) : null;
  return credentials.createSsl(Buffer.from(authority.ca_pem), key, certificate);
}

/** One Connect stream. Without an identity no client certificate is sent. */
export class AgentLine {
  readonly stream: CommandStream;
  readonly #seen: Command[] = [];
  readonly #wake = new Set<() => void>();
  /** Resolves when the server ends the stream, with its words. */
  readonly ended: Promise<string>;

  constructor(plane: ControlPlane, identity?: Pick<Member, "key_pem" | "certificate_pem">) {
    const client = dial(plane, identityOf(plane, identity));
    this.stream = client["Connect"]?.() as unknown as CommandStream;
    this.stream.on("data", (command: Command) => {
      this.#seen.push(command);
      for (const wake of this.#wake) wake();
    });
    this.ended = new Promise((resolve) => {
      this.stream.on("error", (error: ServiceError) => resolve(`${error.code} ${error.details}`));
      this.stream.on("end", () => resolve("end"));
    });
    void this.ended.then(() => client.close());
  }

  /** What has come, in order. */
  get kinds(): string[] {
    return this.#seen.map(({ body }: Command & { body?: string }) => body ?? "");
  }

  hello(): this {
    this.stream.write({ hello });
    return this;
  }

  /** The first command with this field, when it has come. */
  async command<Kind extends string>(kind: Kind): Promise<Extract<Command, Record<Kind, unknown>>> {
    for (;;) {
      const found = this.#seen.find((command) => kind in command);
      if (found) return found as Extract<Command, Record<Kind, unknown>>;
      await new Promise<void>((resolve) => this.#wake.add(resolve));
    }
  }
}

function dial({ server }: ControlPlane, creds: ChannelCredentials) {
  return new Fleet(`127.0.0.1:${server.port}`, creds, {
    "grpc.ssl_target_name_override": control_plane_name,
    "grpc.use_local_subchannel_pool": 1,
  });
}
