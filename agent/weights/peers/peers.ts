import { LRUCache } from "lru-cache";
import type { Peer } from "../../contract/protocol/messages.ts";
import type { HostIdentity } from "../../relay/relay.ts";
import { Answering, type PeerSocket, type Stock } from "./answering.ts";
import { ask, get } from "./asking.ts";
import { type Answer, choosePeer } from "./choice.ts";
import type { InflightDownloads, PartialBlob } from "./inflight-downloads.ts";

export interface PeersParts {
  own_id: string;
  identity(): HostIdentity;
  board: InflightDownloads;
  whole: Stock["whole"];
  /** How long a peer may send nothing. */
  silent_ms: number;
  /** How long one that begins as we do may take to know where it gets the blob from. */
  settle_ms: number;
  pause(duration_ms: number, signal: AbortSignal): Promise<void>;
  log(line: string): void;
}

/** Smaller ones cost the hub less than the questions cost the others. */
const smallest_bytes = 1024 * 1024;
/** Blobs of which wrong bytes came, the newest. */
const most_distrusted = 1000;

/** The other hosts of the fleet that give weights to this one and get them from it. */
export class Peers {
  readonly #parts: PeersParts;
  #list: readonly Peer[] = [];
  /** By blob, those whose bytes were wrong. */
  readonly #liars = new LRUCache<string, Set<string>>({ max: most_distrusted });

  constructor(parts: PeersParts) {
    this.#parts = parts;
  }

  /** The control plane's newest word. */
  know(list: readonly Peer[]): void {
    this.#list = list;
  }

  /** Whether a host that shows this certificate may ask. */
  admits(certificate_sha256: string): boolean {
    return this.#list.some((peer) => peer.certificate_sha256.includes(certificate_sha256));
  }

  answering(socket: PeerSocket): Answering {
    return new Answering(socket, this.#parts);
  }

  /** One download of a blob, of which PATH grows. Undefined for one that is better fetched from the hub. */
  begin(digest: string, path: string, bytes: number): PeerFetch | undefined {
    if (bytes < smallest_bytes || digest.length !== 64) return undefined;
    return new PeerFetch(this.#parts, {
      digest,
      path,
      bytes,
      peers: () => this.#list.filter(({ host_id }) => !this.#liars.get(digest)?.has(host_id)),
      distrust: (host_id) => {
        this.#liars.set(digest, (this.#liars.get(digest) ?? new Set()).add(host_id));
      },
    });
  }
}

interface Wanted {
  digest: string;
  path: string;
  bytes: number;
  /** Who may be asked for it. */
  peers(): readonly Peer[];
  distrust(host_id: string): void;
}

export class PeerFetch {
  readonly #parts: PeersParts;
  readonly #wanted: Wanted;
  readonly #entry: PartialBlob;
  readonly #used = new Set<string>();
  readonly #failed = new Set<string>();

  constructor(parts: PeersParts, wanted: Wanted) {
    this.#parts = parts;
    this.#wanted = wanted;
    this.#entry = parts.board.open(wanted.digest, wanted.path, wanted.bytes);
  }

  /** The blob's bytes from FROM on, as a peer has or gets them; undefined when none does. May end early, or reject. */
  async next(from: number, signal: AbortSignal): Promise<AsyncGenerator<Buffer> | undefined> {
    const chosen = await this.#choose(signal);
    if (chosen === undefined) return undefined;
    const { peer, answer } = chosen;
    this.#entry.via = [peer.host_id, ...answer.via];
    this.#entry.rooted = false;
    this.#used.add(peer.host_id);
    return this.#follow(peer, from, signal);
  }

  /** From now on it comes from the hub. */
  fromHub(): void {
    this.#entry.via = [];
    this.#entry.rooted = true;
  }

  /** Its checksum was wrong: who gave some of it is not asked for this blob again. */
  spoiled(): void {
    for (const host_id of this.#used) {
      this.#wanted.distrust(host_id);
      this.#parts.log(
        `host ${host_id} gave wrong bytes of ${this.#wanted.digest}, and is not asked for it again`,
      );
    }
  }

  end(): void {
    this.#parts.board.close(this.#wanted.digest, this.#entry);
  }

  async *#follow(peer: Peer, from: number, signal: AbortSignal): AsyncGenerator<Buffer> {
    const { digest } = this.#wanted;
    const { silent_ms } = this.#parts;
    // Whatever ends this early, another one is asked then.
    this.#failed.add(peer.host_id);
    for await (const bytes of get(
      peer,
      this.#parts.identity(),
      { digest, from },
      { silent_ms, signal },
    )) {
      this.#entry.rooted = true;
      yield bytes;
    }
  }

  async #choose(signal: AbortSignal): Promise<{ peer: Peer; answer: Answer } | undefined> {
    const { own_id, settle_ms, pause } = this.#parts;
    for (let isSecond = false; ; isSecond = true) {
      const peers = this.#wanted.peers().filter(({ host_id }) => !this.#failed.has(host_id));
      const answers = await this.#ask(peers, signal);
      const id = choosePeer(answers, own_id, this.#wanted.digest);
      const peer = peers.find(({ host_id }) => host_id === id);
      const answer = answers.find(({ host_id }) => host_id === id);
      if (peer && answer) return { peer, answer };
      // One that asks around at this very moment may decide for the hub: then we follow it.
      if (isSecond || !answers.some(({ state }) => state === "wanted")) return undefined;
      await pause(settle_ms, signal);
    }
  }

  async #ask(peers: readonly Peer[], signal: AbortSignal): Promise<Answer[]> {
    const identity = this.#parts.identity();
    const { digest } = this.#wanted;
    const found = await Promise.all(peers.map((peer) => ask(peer, identity, digest, signal)));
    return found.filter((answer) => answer !== undefined);
  }
}
