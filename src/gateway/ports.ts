/** What the gateway needs from the rest of the appliance. Composition passes it in. */
import type { Role } from "../access.ts";
import type { Identity } from "./upstream/dial.ts";
import type { RelayedTo } from "./upstream/request.ts";

export interface Caller {
  user: string;
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

export interface Router {
  /**
   * The best replica for MODEL that is not in EXCEPT. Throws a `Failure`: 404 for a model that does
   * not exist, 503 with `retry-after` when no replica can take the request.
   */
  claim(model: string, except: ReadonlySet<string>): Claim;
  /** The replica of this claim could not be reached; others should be preferred for a while. */
  unreachable(replicaId: string): void;
  models(): { name: string; created_at: number }[];
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
  /** Milliseconds since the epoch, with fractions, and never going back. */
  now(): number;
  /** Something that an operator should know of; never holds content. */
  report(error: unknown): void;
}
