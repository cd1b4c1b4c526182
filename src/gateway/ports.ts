/** What the gateway needs from the rest of the appliance. Composition passes it in. */
import type { Role, Sent } from "../shared/access.ts";
import type { Failure } from "../shared/failure.ts";
import type { Identity, Machines } from "./upstream/dial.ts";
import type { ProvidedBy, RelayedTo } from "./upstream/request.ts";

/** What a caller is recognised by. */
export interface Asking extends Sent {
  readonly address: string;
}

/** The same object for every request of a key, until something about the key, its user or team changes. */
export interface Caller {
  user: string;
  user_id: string;
  /** The name of the user's team. */
  team: string | null;
  /** Null when a dashboard session asks. */
  key_id: string | null;
  key_prefix: string | null;
  role: Role;
  /** The only models that it may use, by name, alias or endpoint id; null: all that its role may. */
  models: ReadonlySet<string> | null;
}

/** What was let through, and has to be accounted for when it ends. */
export interface Admission {
  /** `x-ratelimit-*`, as they stand now. */
  headers(): Readonly<Record<string, string>>;
  /** Why COST more than what rows say would be too much: `insufficient_quota`; null when it would not. */
  refusalOf(cost: number): Failure | null;
  /** The request is over; a second call does nothing. RECORDED: its row is, or cannot be. */
  end(tokens: number, recorded?: Promise<unknown>): void;
}

/** What a request asks for, as far as that is known before it is done. */
export interface Asked {
  /** About how many prompt tokens. */
  tokens: number;
  /** See `piecesOf`. */
  pieces: number;
  /** The most that the pieces may generate, or a guess where nobody says. */
  most_tokens: number;
  /** The most that all of it may cost. */
  cost?(): number;
}

export interface Limits {
  /**
   * Lets a request through; null when nothing limits CALLER. Throws 429: `rate_limit_exceeded` with `retry-after`
   * and all, or `insufficient_quota`.
   */
  admit(caller: Caller, asked: Asked): Admission | null;
}

/** What runs on a replica, and so which routes it has. */
export type RuntimeKind = "llama-server" | "vllm" | "sglang" | "provider";

export interface Replica {
  id: string;
  /** Of the machine that it is on; none for a provider. */
  host_id?: string;
  host: string;
  port: number;
  /** Set when it is dialled itself: the socket that must be there. */
  listener?: number;
  /** Set when that is not this machine. */
  relay?: RelayedTo;
  provider?: ProvidedBy;
  runtime: RuntimeKind;
  /** The name that the runtime knows the model by. */
  model: string;
  /** Requests that it works on at the same time. */
  slots?: number;
}

/** A place on a replica. `release` may be called more than once and counts once. */
export interface Claim {
  replica: Replica;
  /** It takes so many places in all, at least 1, from now on. */
  widen?(places: number): void;
  /** How many of them it may use at a time, fair to others who have a claim there: one at least. */
  share?(): number;
  release(): void;
}

/** No replica is ready, and waiting helps. */
export interface Wake {
  /** What a request does whose client does not say. */
  cold_start: "hold" | "fail";
  /** What a request gets that does not wait, or no longer. */
  refusal(): Failure;
  eta_ms(): number;
  /** Starts the wake without waiting for it. */
  trigger(): void;
  /** Starts the wake and resolves when a replica is ready. Rejects with a `Failure`, or with SIGNAL's reason. */
  wait(signal: AbortSignal): Promise<Claim>;
}

/** What a name stands for. */
export interface Target {
  id: string;
  name: string;
  /** Its id again when it is a Dedicated endpoint, else null. */
  endpoint: string | null;
  /** Milliseconds since the epoch. */
  created_at: number;
  /** What to ask, in this order, when this one cannot answer or its context is too short. */
  fallbacks: readonly Target[];
}

export interface Router {
  /**
   * What the `model` of a request stands for; of an alias, the target that the dice or STICKY choose.
   * Throws 404, also for what CALLER may not use.
   */
  find(name: string, caller: Caller, sticky?: string | null): Target;
  findEndpoint(id: string, caller: Caller): Target;
  /**
   * The best replica for TARGET that is not in EXCEPT, or how to wait for one. Throws a `Failure`: 404
   * when it is gone, 503 when no replica can take the request and no waiting helps. AFFINITY is asked
   * only where there is a choice: equal numbers prefer the same replica, whose cache knows the prefix.
   * The claim takes one place, on a replica that may be given PLACES.
   */
  claim(
    target: Target,
    except: ReadonlySet<string>,
    affinity?: () => number,
    places?: number,
  ): Claim | Wake;
  /** How a replica did; CAUSE: it could not be reached, or it answered that it is broken. */
  outcome(replicaId: string, ok: boolean, cause?: "unreachable" | "broken"): void;
  /** What CALLER may use. */
  models(caller: Caller): readonly { name: string; created_at: number }[];
}

export interface TokenCounts {
  prompt_tokens: number;
  completion_tokens: number;
  /** A part of the prompt's. */
  cached_tokens: number;
}

/** How the token counts of a row are known: by the runtime, by frames that passed, by the size of the text. */
export type UsageSource = "engine" | "counted" | "estimated";

/** One row per request that reached routing; the columns of the usage table. Times in milliseconds. */
export interface UsageRow {
  id: string;
  at: number;
  key_prefix: string | null;
  user: string;
  team: string | null;
  model: string;
  endpoint: string | null;
  replica: string | null;
  prompt_tokens: number;
  completion_tokens: number;
  cached_tokens: number;
  ttft_ms: number | null;
  duration_ms: number;
  status: number;
  stream: boolean;
  source: UsageSource;
  cost: number;
}

/** One finished request, for metrics: it holds nothing that a client can make up. */
export interface RequestMetrics {
  /** The row's, but empty for a model that does not exist. */
  model: string;
  endpoint: string | null;
  /** Our own part: until the runtime had the request, or it was refused, without waiting for a wake. */
  overhead_ms: number;
  /** From arrival; null for whole answers and where no content came. */
  ttft_ms: number | null;
  duration_ms: number;
  /** Between the tokens of a stream, on average; null with fewer than two. */
  inter_token_ms_mean: number | null;
  status: number;
  prompt_tokens: number;
  completion_tokens: number;
}

/** A request whose runtime did not say how many tokens it was. */
export interface Uncounted {
  runtime: RuntimeKind;
  /** Path and body, as the runtime had them. */
  path: string;
  text: string;
  /** Pieces of the answer that came. */
  frames: number;
}

/** Asks the runtime that had the request; rejects unless it answers 200 with JSON. */
export type AskRuntime = (path: string, body: unknown, signal: AbortSignal) => Promise<unknown>;

export interface GatewayPorts {
  /** What relays on other machines know us by; without it only this machine's runtimes are reached. */
  identity?: Identity;
  machines?: Machines;
  /** Throws `missingKey()`, `badKey()`, or 403 for an address that the key may not come from. */
  authenticate(request: Asking): Caller;
  router: Router;
  limits: Limits;
  /** In the currency of the prices. */
  costOf(target: Target, tokens: TokenCounts): number;
  usage: {
    /** Resolves when the row is committed. */
    record(row: UsageRow): Promise<void>;
    /** Better counts for a row that was recorded with an estimate. */
    amend(id: string, better: TokenCounts & Pick<UsageRow, "source" | "cost">): void;
  };
  /**
   * Counts the tokens of a request whose runtime did not say, by asking its tokenizer through ASK; null
   * when that cannot be done.
   */
  recount?(ask: AskRuntime, request: Uncounted): Promise<TokenCounts | null>;
  /** Called once for every row. */
  measured?(measured: RequestMetrics): void;
  /** Milliseconds, with fractions, and never going back: for durations. */
  now(): number;
  /** Milliseconds since the epoch, as the clock on the wall says now: for what is stored. */
  wall(): number;
  /** Something that an operator should know of; never holds content. */
  report(error: unknown): void;
}
