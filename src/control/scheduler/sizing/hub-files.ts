/** The files of a model on a hub: what there is, and the beginnings of them, read by range. */

import { isDocument } from "./document.ts";
import { filesOf, type ReadRange, rangeIn } from "./header-reader.ts";
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
  /** In sentences: "the hub". */
  from: string;
  /** What these files, which are all that is run of it, are at this moment; null when the hub does not say. */
  commitOf(files: readonly string[]): string | null;
  /** Bytes by name, with folders; null where the hub does not say. */
  sizes: ReadonlyMap<string, number | null>;
  /** Lists the top folder alone, reads anywhere. Throws HubErrors. */
  files: ModelFiles;
}

const most_listing_bytes = 16 * 1024 * 1024;

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
  const range: ReadRange = (...part) => rangeOf(hub, address, commit ?? revision, part);
  return { from: "the hub", commitOf: () => commit, sizes, files: filesOf(sizes, range) };
}

function listingIn(bytes: Uint8Array): { commit: string | null; sizes: HubModel["sizes"] } {
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

async function rangeOf(
  hub: Hub,
  { repository, token, signal }: HubAddress,
  revision: string,
  [name, from, to]: Parameters<ReadRange>,
): Promise<Uint8Array> {
  const file = name.split("/").map(encodeURIComponent).join("/");
  const answer = await askHub(hub, {
    path: `/${repository}/resolve/${encodeURIComponent(revision)}/${file}`,
    token,
    signal,
    headers: { range: `bytes=${from}-${to - 1}` },
    // One that ignores the range sends what is already known once more.
    most_bytes: to,
  });
  return rangeIn(answer, from, to);
}
