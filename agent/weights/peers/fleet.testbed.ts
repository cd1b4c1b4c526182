/** Hosts of one fleet in one process: each with its own folder, certificate, relay and peers, one hub for all. */
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Peer } from "../../contract/protocol/messages.ts";
import { openRelay, type Relay } from "../../relay/relay.ts";
import { TestAuthority, type TestIdentity } from "../../session/authority.testbed.ts";
import { pause } from "../../session/reconnect-pause.ts";
import { HubTestbed } from "../hub/hub.testbed.ts";
import { HubWeights } from "../hub/hub-weights.ts";
import { InflightDownloads } from "./inflight-downloads.ts";
import { Peers } from "./peers.ts";

export interface TestHost {
  id: string;
  folder: string;
  weights: HubWeights;
  identity: TestIdentity;
  relay: Relay;
  peers: Peers;
  /** What was logged. */
  lines: string[];
  /** The bytes of the model, fetched as a replica does. */
  get(source: string): Promise<Buffer>;
}

export class TestFleet {
  readonly hub: HubTestbed;
  readonly hosts: TestHost[] = [];
  readonly #authority: TestAuthority;
  readonly #root = mkdtempSync(join(tmpdir(), "hypervize-peers-"));

  private constructor(hub: HubTestbed, authority: TestAuthority) {
    this.hub = hub;
    this.#authority = authority;
  }

  static async create(files: Record<string, Uint8Array>): Promise<TestFleet> {
    const hub = await HubTestbed.start({ repos: { "org/repo": { files } } });
    return new TestFleet(hub, await TestAuthority.create());
  }

  /** One more host, which knows all others as soon as `introduce` is called. */
  async add(silent_ms = 5000): Promise<TestHost> {
    const id = `host_${this.hosts.length}`;
    const folder = join(this.#root, id);
    const identity = await this.#authority.issue(id);
    const lines: string[] = [];
    const log = (line: string) => void lines.push(line);
    const peers = new Peers({
      own_id: id,
      identity: () => identity,
      board: new InflightDownloads(),
      log,
      pause,
      whole: (digest) => weights.wholeBlob(digest),
      silent_ms,
      settle_ms: 100,
    });
    const relay = openRelay({ identity, port: 0, doorOf: () => undefined, peers });
    const weights = await HubWeights.open({
      folder,
      records_folder: join(folder, ".records"),
      report_every_ms: 1000,
      log,
      peers,
      evicts: true,
      needed: () => [],
      disk: async () => ({ free_bytes: 1e12, total_bytes: 1e12 }),
      hub: {
        endpoint: this.hub.url,
        patience_ms: 5000,
        now: Date.now,
        random: () => 0,
        pause: async () => undefined,
      },
    });
    const get = async (source: string) => {
      const { signal } = new AbortController();
      const tell = () => undefined;
      const wish = { source, format: "gguf", hf_token: "", signal, tell } as const;
      return readFileSync((await weights.get(wish)).path);
    };
    const host = { id, folder, weights, identity, relay, peers, lines, get };
    this.hosts.push(host);
    return host;
  }

  /** As the control plane does: every host hears of all others. */
  introduce(): void {
    for (const { id, peers } of this.hosts) {
      peers.know(this.hosts.filter((other) => other.id !== id).map(peerOf));
    }
  }

  async end(): Promise<void> {
    for (const { relay } of this.hosts) relay.close();
    await this.hub.stop();
    rmSync(this.#root, { recursive: true });
  }
}

export function peerOf({ id, relay, identity }: TestHost): Peer {
  const { raw } = new X509Certificate(identity.certificate_pem);
  const sha256 = createHash("sha256").update(raw).digest("hex");
  return {
    host_id: id,
    address: "127.0.0.1",
    port: relay.port,
    certificate_sha256: [sha256],
  };
}
