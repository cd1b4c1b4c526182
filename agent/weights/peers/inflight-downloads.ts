/** What this host has of blobs that come at the moment, for peers that want the same ones. */
export interface PartialBlob {
  /** The file that grows; it gets another name when it is whole. */
  path: string;
  /** Of all of it. */
  bytes: number;
  /** Hosts from which it comes, the nearest first; empty while it comes from the hub. */
  via: readonly string[];
  /** Bytes arrive: it is known where they begin. Before that, two hosts could wait for each other. */
  rooted: boolean;
  /** Peers that are being sent it. */
  followers: number;
}

export class InflightDownloads {
  readonly #coming = new Map<string, PartialBlob>();

  /** Until `close`, peers are told that this blob comes. */
  open(digest: string, path: string, bytes: number): PartialBlob {
    const entry: PartialBlob = { path, bytes, via: [], rooted: false, followers: 0 };
    this.#coming.set(digest, entry);
    return entry;
  }

  close(digest: string, entry: PartialBlob): void {
    if (this.#coming.get(digest) === entry) this.#coming.delete(digest);
  }

  find(digest: string): PartialBlob | undefined {
    return this.#coming.get(digest);
  }
}
