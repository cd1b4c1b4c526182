import { Failure } from "../failure.ts";
import type { Ask } from "./ask.ts";
import type { Live, Watched } from "./live.ts";
import type { Caller, Claim, GatewayPorts, Replica, Target, Wake } from "./ports.ts";
import { runtimeTimeout } from "./runtime-error.ts";
import { guessTokens, type Tokens } from "./tokens.ts";

/** How long a request may be silent, by what it is waiting for, and how long it may take in all. */
export interface Patience {
  first_byte_timeout_ms: number;
  inter_token_timeout_ms: number;
  /** A client that does not read its stream for so long is treated as gone. */
  stalled_client_timeout_ms: number;
  total_timeout_ms: number;
  /** A stream is pinged when nothing was sent for so long. */
  ping_ms: number;
}

export type Waiting = "wake" | "answer" | "first-byte" | "tokens" | "client";

/** What a request is doing, and so what an interruption of it means. */
export interface Activity {
  interrupt(failure: Failure): void;
  /** Looks at the clock itself. */
  tick?(now: number): void;
  /** Only for what has begun to be sent. */
  ping?(): void;
}

/** The client has gone: the status is for the usage row, nobody reads the sentence. */
export const clientGone = (): Failure => new Failure(499, "The client closed the connection.");

interface ExchangeOptions {
  id: string;
  arrivedAt: number;
  caller: Caller;
  ask: Ask;
  ports: GatewayPorts;
  live: Live;
  patience: Patience;
  /** The outcome is known: from here on the client's connection is an ordinary one again. */
  decided(): void;
}

/**
 * One request from the moment that it is routed: it holds the claim on a replica, watches the clock,
 * and sees to it that the claim is released and the row is written exactly once, however it ends.
 */
export class Exchange implements Watched {
  readonly #options: ExchangeOptions;
  #target: Target | null = null;
  #claim: Claim | null = null;
  #replicaId: string | null = null;
  #activity: Activity | null = null;
  #settled: Promise<void> | null = null;
  #ttftMs: number | null = null;
  #overheadMs: number | null = null;
  #heldMs = 0;
  #waiting: Waiting = "answer";
  #heardAt: number;
  #pingedAt: number;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#heardAt = options.arrivedAt;
    this.#pingedAt = options.arrivedAt;
    options.live.add(this);
  }

  get keyId(): string | null {
    return this.#options.caller.key_id;
  }

  get settled(): boolean {
    return this.#settled !== null;
  }

  /** Takes a replica that is not in EXCEPT, giving back the one it had. Throws the router's refusal. */
  claim(except: ReadonlySet<string>): Replica | Wake {
    this.#claim?.release();
    this.#claim = null;
    this.#target ??= this.#find();
    const found = this.#options.ports.router.claim(this.#target, except);
    return "wait" in found ? found : this.take(found);
  }

  #find(): Target {
    const { ask, caller, ports } = this.#options;
    return ask.endpoint === null
      ? ports.router.find(ask.model, caller)
      : ports.router.findEndpoint(ask.endpoint, caller);
  }

  /** CLAIM is this request's from now on. */
  take(claim: Claim): Replica {
    this.#claim = claim;
    this.#replicaId = claim.replica.id;
    return claim.replica;
  }

  /** It stood still for so long, waiting for a model to wake. */
  hasWaited(ms: number): void {
    this.#heldMs += ms;
  }

  /** A runtime has the request. */
  sent(): void {
    this.#overheadMs ??= this.#ownMs;
  }

  get #ownMs(): number {
    const { ports, arrivedAt } = this.#options;
    return ports.now() - arrivedAt - this.#heldMs;
  }

  /** From now on ACTIVITY is what gets interrupted. */
  begin(activity: Activity, waiting: Waiting): void {
    this.#activity = activity;
    this.waitFor(waiting);
  }

  waitFor(waiting: Waiting): void {
    this.#waiting = waiting;
    this.heard();
  }

  /** The runtime was heard, or the client has read on. */
  heard(): void {
    this.#heardAt = this.#options.ports.now();
    this.#pingedAt = this.#heardAt;
  }

  /** The first content is here. */
  firstToken(): void {
    this.#ttftMs ??= this.#options.ports.now() - this.#options.arrivedAt;
  }

  interrupt(failure: Failure): void {
    if (!this.#settled) this.#activity?.interrupt(failure);
  }

  tick(now: number): void {
    const { patience, arrivedAt } = this.#options;
    this.#activity?.tick?.(now);
    const silentMs = now - this.#heardAt;
    if (this.#waiting === "client") {
      if (silentMs > patience.stalled_client_timeout_ms) this.interrupt(clientGone());
    } else if (this.#waiting === "first-byte" && silentMs > patience.first_byte_timeout_ms) {
      this.interrupt(runtimeTimeout("The runtime did not begin to answer in time."));
    } else if (this.#waiting === "tokens" && silentMs > patience.inter_token_timeout_ms) {
      this.interrupt(runtimeTimeout("The runtime stopped in the middle of its answer."));
    }
    if (now - arrivedAt > patience.total_timeout_ms) {
      this.interrupt(runtimeTimeout("The answer took longer than a request may take."));
    }
    if (this.#waiting !== "client" && now - this.#pingedAt > patience.ping_ms && !this.settled) {
      this.#pingedAt = now;
      this.#activity?.ping?.();
    }
  }

  /** What the row says when the runtime gave no counts. */
  guess(completionTokens: number): Tokens {
    return guessTokens(this.#options.ask.text.length, completionTokens);
  }

  /** Ends the request: releases the claim and writes the row. Resolves when the row is committed. */
  settle(status: number, tokens: Tokens): Promise<void> {
    this.#settled ??= this.#record(status, tokens);
    return this.#settled;
  }

  async #record(status: number, tokens: Tokens): Promise<void> {
    const { id, arrivedAt, caller, ask, ports, live, decided } = this.#options;
    this.#claim?.release();
    live.remove(this);
    decided();
    const duration_ms = ports.now() - arrivedAt;
    this.#measure(status, tokens, duration_ms);
    try {
      await ports.usage.record({
        id,
        at: Math.floor(arrivedAt),
        key_prefix: caller.key_prefix,
        user: caller.user,
        model: this.#target?.name ?? ask.endpoint ?? ask.model,
        endpoint: this.#target?.endpoint ?? null,
        replica: this.#replicaId,
        ...tokens,
        ttft_ms: this.#ttftMs,
        duration_ms,
        status,
        stream: ask.stream,
        cost: 0,
      });
    } catch (error) {
      // A full disk must not stop inference (promise 8): the answer goes out and people are told.
      ports.report(error);
    }
  }

  #measure(
    status: number,
    { prompt_tokens, completion_tokens }: Tokens,
    duration_ms: number,
  ): void {
    const { ports, arrivedAt } = this.#options;
    if (!ports.measured) return;
    const sinceFirst = this.#ttftMs === null ? null : this.#heardAt - arrivedAt - this.#ttftMs;
    ports.measured({
      model: this.#target?.name ?? "",
      endpoint: this.#target?.endpoint ?? null,
      overhead_ms: this.#overheadMs ?? this.#ownMs,
      ttft_ms: this.#ttftMs,
      duration_ms,
      inter_token_ms_mean:
        sinceFirst !== null && completion_tokens > 1 ? sinceFirst / (completion_tokens - 1) : null,
      status,
      prompt_tokens,
      completion_tokens,
    });
  }
}
