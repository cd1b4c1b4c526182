/** What the gateway needs from the rest of the appliance. Composition passes it in. */
import type { Role } from "../access.ts";
import type { Failure } from "../failure.ts";
import type { Identity } from "./upstream/dial.ts";
import type { RelayedTo } from "./upstream/request.ts";

export interface Caller {
  user: string;
  user_id: string;
  /** Null when a dashboard session asks. */
  key_id: string | null;
  key_prefix: string | null;
  role: Role;
}

export interface Replica {
  id: string;
  host: string;
  port: number;
  /** Set when HOST and PORT are those of a relay on another machine. */
  relay?: RelayedTo;
  /** The name that the runtime knows the model by. */
  model: string;
}

/** A place on a replica. `release` may be called more than once and counts once. */
export interface Claim {
  replica: Replica;
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
  knock(): void;
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
}

export interface Router {
  /** What the `model` of a request stands for. Throws 404, also for what CALLER may not use. */
  find(name: string, caller: Caller): Target;
  findEndpoint(id: string, caller: Caller): Target;
  /**
   * The best replica for TARGET that is not in EXCEPT, or how to wait for one. Throws a `Failure`: 404
   * when it is gone, 503 when no replica can take the request and no waiting helps.
   */
  claim(target: Target, except: ReadonlySet<string>): Claim | Wake;
  /** The replica of this claim could not be reached; others should be preferred for a while. */
  unreachable(replicaId: string): void;
  /** What CALLER may use. */
  models(caller: Caller): readonly { name: string; created_at: number }[];
}

/** How the token counts of a row are known: by the runtime, by frames that passed, by the size of the text. */
export type UsageSource = "engine" | "counted" | "estimated";

/** One row per request that reached routing; the columns of the usage table. Times in milliseconds. */
export interface UsageRow {
  id: string;
  at: number;
  key_prefix: string | null;
  user: string;
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
export interface Measured {
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

export interface GatewayPorts {
  /** What relays on other machines know us by; without it only this machine's runtimes are reached. */
  identity?: Identity;
  /** Throws `missingKey()` or `badKey()`. */
  authenticate(request: Request): Caller;
  router: Router;
  usage: {
    /** Resolves when the row is committed. */
    record(row: UsageRow): Promise<void>;
  };
  /** Called once for every row. */
  measured?(measured: Measured): void;
  /** Milliseconds since the epoch, with fractions, and never going back. */
  now(): number;
  /** Something that an operator should know of; never holds content. */
  report(error: unknown): void;
}
