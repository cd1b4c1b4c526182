/** The files of a model on a hub: what there is, and the beginnings of them, read by range. */
import { isDocument } from "./document.ts";
import { askHub, type Hub, HubError } from "./hub-request.ts";
import type { ModelFiles } from "./model-files.ts";
import { largest_model } from "./safetensors.ts";

export interface HubAddress {
  /** `ORG/REPO`. */
  repository: string;
  revision: string | null;
  /** Empty for none. */
  token: string;
  signal: AbortSignal;
}

export interface HubModel {
  /** What the revision is at this moment; null when the hub does not tell. */
  commit: string | null;
  /** Bytes by name, with folders; null where the hub does not tell. */
  sizes: ReadonlyMap<string, number | null>;
  /** Lists the top folder alone, reads anywhere. Throws HubErrors. */
  files: ModelFiles;
}

/** Of one model in all, so that no header makes us read gigabytes. */
const most_bytes = 32 * 1024 * 1024;
/** The longest that is parsed at once; the index of DeepSeek V3 has 9 MB, GGUF headers up to 16 MB. */
const most_file_bytes = 16 * 1024 * 1024;
const most_listing_bytes = 16 * 1024 * 1024;
/** Enough for the header of most shards, so that one request reads its length and itself. */
const first_bytes = 64 * 1024;

/** Throws a HubError. */
export async function openHubModel(hub: Hub, address: HubAddress): Promise<HubModel> {
  const revision = address.revision ?? "main";
  const answer = await askHub(hub, {
    path: `/api/models/${address.repository}/revision/${encodeURIComponent(revision)}?blobs=true`,
    token: address.token,
    most_bytes: most_listing_bytes,
    signal: address.signal,
  });
  const { commit, sizes } = listingIn(answer.bytes);
  const beginnings = new Beginnings(hub, address, commit ?? revision, sizes);
  return {
    commit,
    sizes,
    files: {
      names: async () => [...sizes.keys()].filter((name) => !name.includes("/")),
      read: (name, offset, length) => beginnings.read(name, offset, length),
    },
  };
}

function listingIn(bytes: Uint8Array): Pick<HubModel, "commit" | "sizes"> {
  const listing = parsed(bytes);
  const siblings = isDocument(listing) ? listing["siblings"] : undefined;
  if (!isDocument(listing) || !Array.isArray(siblings)) {
    throw new HubError("unreachable", "which sent no list of files");
  }
  const sizes = new Map<string, number | null>();
  for (const file of siblings.filter(isDocument)) {
    const { rfilename, size } = file;
    if (typeof rfilename !== "string") continue;
    const told = Number.isInteger(size) && Number(size) >= 0 && Number(size) <= largest_model;
    sizes.set(rfilename, told ? Number(size) : null);
  }
  const sha = listing["sha"];
  return { commit: typeof sha === "string" && /^[0-9a-f]{40,64}$/.test(sha) ? sha : null, sizes };
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

interface Beginning {
  bytes: Uint8Array;
  /** Whether the file has no more. */
  whole: boolean;
}

/** Headers are read from their start in growing pieces; no byte is asked for twice. */
class Beginnings {
  readonly #hub: Hub;
  readonly #address: HubAddress;
  readonly #revision: string;
  readonly #sizes: HubModel["sizes"];
  readonly #known = new Map<string, Beginning>();
  #left = most_bytes;

  constructor(hub: Hub, address: HubAddress, revision: string, sizes: HubModel["sizes"]) {
    this.#hub = hub;
    this.#address = address;
    this.#revision = revision;
    this.#sizes = sizes;
  }

  async read(name: string, offset: number, length: number): Promise<Uint8Array> {
    const size = this.#sizes.get(name) ?? Number.POSITIVE_INFINITY;
    const known = this.#known.get(name) ?? { bytes: new Uint8Array(0), whole: size === 0 };
    const end = Math.min(offset + length, size);
    if (known.whole || known.bytes.byteLength >= end) return known.bytes.subarray(offset, end);
    const until = Math.min(Math.max(end, first_bytes), size);
    const longer = await this.#extend(name, known.bytes, until, size);
    this.#known.set(name, longer);
    return longer.bytes.subarray(offset, end);
  }

  /** The bytes are taken from what is left before they are asked for: several files are read at once. */
  async #extend(name: string, known: Uint8Array, until: number, size: number): Promise<Beginning> {
    const from = known.byteLength;
    const taken = Math.min(until, from + this.#left, most_file_bytes) - from;
    // Of unknown length, it may yet end before that.
    if (taken <= 0 || (from + taken < until && Number.isFinite(size))) throw tooLong;
    this.#left -= taken;
    const more = await this.#range(name, from, from + taken);
    this.#left += taken - more.byteLength;
    if (more.byteLength === taken && from + taken < until) throw tooLong;
    return { bytes: Buffer.concat([known, more]), whole: more.byteLength < taken };
  }

  async #range(name: string, from: number, to: number): Promise<Uint8Array> {
    const { repository, token, signal } = this.#address;
    const file = name.split("/").map(encodeURIComponent).join("/");
    const answer = await askHub(this.#hub, {
      path: `/${repository}/resolve/${encodeURIComponent(this.#revision)}/${file}`,
      token,
      signal,
      headers: { range: `bytes=${from}-${to - 1}` },
      // One that ignores the range sends what is already known once more.
      most_bytes: to,
    });
    if (answer.status !== 206) return answer.bytes.subarray(from, to);
    const start = /^bytes (\d+)-/.exec(answer.headers.get("content-range") ?? "")?.[1];
    if (Number(start ?? from) !== from) {
      throw new HubError("unreachable", "which sent another range than was asked for");
    }
    return answer.bytes.subarray(0, to - from);
  }
}

const tooLong = new HubError("too_long", "whose headers are longer than is read for sizing");
