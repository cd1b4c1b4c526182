import { placesOf } from "../pieces/pieces.ts";
import type { Caller, Claim, Replica, Router, Target, Wake } from "../ports.ts";
import type { ParsedRequest } from "../request/parsed-request.ts";
import { affinityOf, isCached } from "./affinity.ts";

interface Chooser {
  parsed: ParsedRequest;
  caller: Caller;
  /** What the client wants its requests kept together by. */
  sticky: string | null;
}

/** What one request is answered by: its target, the fallbacks behind it, and the place that it holds. */
export class UpstreamSelection {
  readonly #chooser: Chooser;
  readonly #router: Router;
  #targets: readonly Target[] = [];
  #at = 0;
  #claim: Claim | null = null;
  #replica: Replica | null = null;

  constructor(chooser: Chooser, router: Router) {
    this.#chooser = chooser;
    this.#router = router;
  }

  /** Null before routing has said what the name stands for. */
  get target(): Target | null {
    return this.#targets[this.#at] ?? null;
  }

  /** The latest one, also when its place was given back. */
  get replica(): Replica | null {
    return this.#replica;
  }

  /** What the name stands for; null where it is nothing that the caller may use, which `claim` throws. */
  find(): Target | null {
    try {
      this.#targets = this.#found();
    } catch {
      return null;
    }
    return this.target;
  }

  /** How many of its replica's places the request takes, and may take. */
  get places(): Pick<Claim, "widen" | "share"> | null {
    return this.#claim;
  }

  /** Takes a replica that is not in EXCEPT, giving back the one it had. Throws the router's refusal. */
  claim(except: ReadonlySet<string>): Replica | Wake {
    this.release();
    this.#targets = this.#found();
    return this.#first(except);
  }

  /** CLAIM is this request's from now on. */
  take(claim: Claim): Replica {
    this.#claim = claim;
    this.#replica = claim.replica;
    const { pieces } = this.#chooser.parsed;
    if (pieces > 1) claim.widen?.(placesOf(pieces, claim.replica));
    return claim.replica;
  }

  release(): void {
    this.#claim?.release();
    this.#claim = null;
  }

  /** From now on the next fallback is asked; false when there is none. */
  fallBack(): boolean {
    if (this.#at + 1 >= this.#targets.length) return false;
    this.#at++;
    return true;
  }

  #found(): readonly Target[] {
    if (this.#targets.length > 0) return this.#targets;
    const { parsed: ask, caller, sticky } = this.#chooser;
    const target =
      ask.endpoint === null
        ? this.#router.find(ask.model, caller, sticky)
        : this.#router.findEndpoint(ask.endpoint, caller);
    return target.fallbacks.length === 0 ? [target] : [target, ...target.fallbacks];
  }

  /**
   * The first of the targets that can answer now; one that sleeps is woken, and answered by the next. When
   * none can, the first that is worth waiting for; else the refusal of the first.
   */
  #first(except: ReadonlySet<string>): Replica | Wake {
    let wake: Wake | null = null;
    let refusal: unknown = null;
    const from = this.#at;
    let wakes = from;
    for (let at = from; at < this.#targets.length; at++) {
      try {
        const found = this.#claimOf(at, except);
        if (!("wait" in found)) {
          wake?.trigger();
          this.#at = at;
          return this.take(found);
        }
        if (!wake) wakes = at;
        wake ??= found;
      } catch (error) {
        refusal ??= error;
      }
    }
    if (!wake) throw refusal;
    this.#at = wakes;
    return wake;
  }

  #claimOf(at: number, except: ReadonlySet<string>): Claim | Wake {
    const { parsed: ask, sticky } = this.#chooser;
    const target = this.#targets[at];
    if (!target) throw new Error("There is no such target.");
    const isKept = sticky !== null || isCached(ask.kind);
    const affinity = isKept ? () => affinityOf(ask, sticky) : undefined;
    return this.#router.claim(target, except, affinity, ask.pieces);
  }
}
