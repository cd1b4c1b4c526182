/** Which peer a blob is fetched from. Pure. */
import { createHash } from "node:crypto";

/** What a peer says of one blob. `wanted`: it begins as we do, and has nothing yet. */
export interface Answer {
  host_id: string;
  state: "whole" | "partial" | "wanted";
  via: readonly string[];
  followers: number;
}

/**
 * The peer to follow: whole or already fed ones first by how few follow them, so that a crowd becomes a
 * chain and no cable carries a blob twice; else the first among those that begin at the same moment, by a
 * score that all of them compute alike. Undefined: the hub, as far as these know.
 */
export function choosePeer(
  answers: readonly Answer[],
  own_id: string,
  digest: string,
): string | undefined {
  const fed = answers
    .filter(({ state, via }) => state !== "wanted" && !via.includes(own_id))
    .toSorted((a, b) => a.followers - b.followers || rank(a) - rank(b));
  if (fed[0]) return fed[0].host_id;
  const mine = score(own_id, digest);
  const [first] = answers
    .filter(({ state, host_id }) => state === "wanted" && score(host_id, digest) > mine)
    .toSorted((a, b) => (score(a.host_id, digest) < score(b.host_id, digest) ? 1 : -1));
  return first?.host_id;
}

const rank = ({ state }: Answer): number => (state === "whole" ? 0 : 1);

/** Highest random weight (Thaler and Ravishankar 1998): every blob has another first among the same hosts. */
const score = (host_id: string, digest: string): string =>
  createHash("sha256").update(`${host_id} ${digest}`).digest("hex");
