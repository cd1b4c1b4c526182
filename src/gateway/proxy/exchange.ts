import { Failure } from "../../shared/failure.ts";
import type { FanOut } from "../pieces/fan-out.ts";
import { isOfAll } from "../pieces/of-all.ts";
import type { Admission, Caller, GatewayPorts, Replica, TokenCounts, Uncounted } from "../ports.ts";
import type { ProtocolAdapter } from "../protocols/adapter.ts";
import type { ParsedRequest } from "../request/parsed-request.ts";
import type { UpstreamSelection } from "./choice.ts";
import type { InflightRegistry, InflightRequest } from "./inflight.ts";
import { exceeded, type Timeouts, type Waiting } from "./timeouts.ts";
import { type Generated, guessTokens, noTokens, type Tokens } from "./tokens.ts";

/** What a request is doing, and so what an interruption of it means. */
export interface CancellationTarget {
  interrupt(failure: Failure): void;
  /** Looks at the clock itself. */
  tick?(now: number): void;
  /** Only for what has begun to be sent. */
  ping?(): void;
}

/** The client has gone: the status is for the usage row, nobody reads the sentence. */
export const clientGone = (): Failure => new Failure(499, "The client closed the connection.");

interface AdmittedRequest {
  id: string;
  arrivedAt: number;
  caller: Caller;
  parsed: ParsedRequest;
  choice: UpstreamSelection;
  /** Null when nothing limits the caller. */
  admission: Admission | null;
}

/** What all requests share. */
interface ExchangeDeps {
  ports: GatewayPorts;
  inflight: InflightRegistry;
  timeouts: Timeouts;
  /** Asks a replica's own tokenizer; null when it cannot say. */
  recount(replica: Replica, request: Uncounted): Promise<TokenCounts | null>;
}

const noHeaders: Readonly<Record<string, string>> = {};

/**
 * One request from the moment that it is let in: it holds the claim on a replica, watches the clock, and
 * sees to it that the claim is released and the row is written exactly once, however it ends.
 */
export class Exchange implements InflightRequest {
  readonly choice: UpstreamSelection;
  readonly #request: AdmittedRequest;
  readonly #around: ExchangeDeps;
  #activity: CancellationTarget | null = null;
  #settled: Promise<void> | null = null;
  #ttftMs: number | null = null;
  #overheadMs: number | null = null;
  #heldMs = 0;
  #way: ProtocolAdapter | null = null;
  /** Set when the runtime got it piece by piece. */
  #pieces: FanOut | null = null;
  #waiting: Waiting = "answer";
  #heardAt: number;
  #pingedAt: number;

  constructor(request: AdmittedRequest, around: ExchangeDeps) {
    this.#request = request;
    this.#around = around;
    this.choice = request.choice;
    this.#heardAt = request.arrivedAt;
    this.#pingedAt = request.arrivedAt;
    around.inflight.add(this);
  }

  get caller(): Caller {
    return this.#request.caller;
  }

  get settled(): boolean {
    return this.#settled !== null;
  }

  get isLimited(): boolean {
    return this.#request.admission !== null;
  }

  /** What its client is told of its limits. */
  headers(): Readonly<Record<string, string>> {
    return this.#request.admission?.headers() ?? noHeaders;
  }

  /** It stood still for so long, waiting for a model to wake. */
  hasWaited(ms: number): void {
    this.#heldMs += ms;
  }

  /** A runtime has the request, by WAY, and where it gets it piece by piece, as PIECES. */
  sent(way: ProtocolAdapter, pieces: FanOut | null = null): void {
    this.#way = way;
    this.#pieces = pieces;
    this.#overheadMs ??= this.#ownMs;
  }

  get #age(): number {
    return this.#around.ports.now() - this.#request.arrivedAt;
  }

  get #ownMs(): number {
    return this.#age - this.#heldMs;
  }

  /** From now on ACTIVITY is what gets interrupted. */
  begin(activity: CancellationTarget, waiting: Waiting): void {
    this.#activity = activity;
    this.waitFor(waiting);
  }

  waitFor(waiting: Waiting): void {
    this.#waiting = waiting;
    this.heard();
  }

  /** The runtime was heard, or the client has read on. */
  heard(): void {
    this.#heardAt = this.#around.ports.now();
    this.#pingedAt = this.#heardAt;
  }

  /** The first content is here. */
  firstToken(): void {
    this.#ttftMs ??= this.#age;
  }

  interrupt(failure: Failure): void {
    if (!this.#settled) this.#activity?.interrupt(failure);
  }

  tick(now: number): void {
    const { timeouts: patience } = this.#around;
    this.#activity?.tick?.(now);
    const age_ms = now - this.#request.arrivedAt;
    const late = exceeded(patience, this.#waiting, now - this.#heardAt, age_ms);
    if (late) this.interrupt(late === "client" ? clientGone() : late);
    if (this.#waiting !== "client" && now - this.#pingedAt > patience.ping_ms && !this.settled) {
      this.#pingedAt = now;
      this.#activity?.ping?.();
    }
  }

  /** What the row says when the runtime gave no counts. */
  guess(completionTokens: number): Tokens {
    if (this.#pieces) return this.#pieces.tokens;
    return guessTokens(this.#request.parsed.text.length, completionTokens);
  }

  /** What the row says when the runtime SAID so much, or nothing, and GENERATED was seen, LEAST tokens of it. */
  tokensOf(said: Tokens | null, generated: Generated, least = 0): Tokens {
    const seen = Math.max(generated.tokens, least);
    const isForeign = this.choice.replica?.runtime === "provider";
    if (!said || (isForeign && !isOfAll(said, this.#request.parsed, generated, least))) {
      return this.guess(seen);
    }
    return said;
  }

  /** A piece of it is done. No further one begins when they cost all that a budget has left. */
  pieceMade(): void {
    this.heard();
    const { target } = this.choice;
    const { admission } = this.#request;
    if (!admission || !target || !this.#pieces) return;
    const refusal = admission.refusalOf(this.#around.ports.costOf(target, this.#pieces.tokens));
    if (refusal && this.#pieces.hasMore) this.interrupt(refusal);
  }

  /** What was made for it before it failed. */
  get made(): Tokens {
    const tokens = this.#pieces?.tokens;
    return tokens && tokens.prompt_tokens + tokens.completion_tokens > 0 ? tokens : noTokens;
  }

  /** Ends the request: releases the claim and writes the row. Resolves when the row is committed. */
  settle(status: number, tokens: Tokens): Promise<void> {
    this.#settled ??= this.#record(status, tokens);
    return this.#settled;
  }

  async #record(status: number, tokens: Tokens): Promise<void> {
    const { id, caller, parsed: ask, admission } = this.#request;
    const { ports, inflight: live } = this.#around;
    const { target, replica } = this.choice;
    this.choice.release();
    live.remove(this);
    const cost = target ? ports.costOf(target, tokens) : 0;
    const duration_ms = this.#age;
    this.#measure(status, tokens, duration_ms);
    try {
      const recorded = ports.usage.record({
        id,
        // From the end: a clock that was set right meanwhile is right for the whole request.
        at: Math.floor(ports.wall() - duration_ms),
        key_prefix: caller.key_prefix,
        user: caller.user,
        team: caller.team,
        model: target?.name ?? ask.endpoint ?? ask.model,
        endpoint: target?.endpoint ?? null,
        replica: replica?.id ?? null,
        prompt_tokens: tokens.prompt_tokens,
        completion_tokens: tokens.completion_tokens,
        cached_tokens: tokens.cached_tokens,
        source: tokens.source,
        ttft_ms: this.#ttftMs,
        duration_ms,
        status,
        stream: ask.stream,
        cost,
      });
      admission?.end(tokens.prompt_tokens + tokens.completion_tokens, recorded);
      await recorded;
    } catch (error) {
      // A full disk must not stop inference (promise 8): the answer goes out and people are told.
      ports.report(error);
    }
    if (tokens.source === "estimated") {
      this.#recount(tokens.completion_tokens).catch((error: unknown) => ports.report(error));
    }
  }

  /** An estimate gives way to what the runtime's own tokenizer says; the row was safe before. */
  async #recount(frames: number): Promise<void> {
    const { id, parsed: ask } = this.#request;
    const { ports, recount } = this.#around;
    const { target, replica } = this.choice;
    const text = this.#pieces ? this.#pieces.uncounted : replica && this.#way?.body(ask, replica);
    if (!target || !replica || !this.#way || typeof text !== "string") return;
    const { runtime } = replica;
    const more = await recount(replica, { runtime, path: this.#way.path, text, frames });
    if (!more) return;
    const counts = this.#pieces?.with(more) ?? more;
    ports.usage.amend(id, { ...counts, source: "counted", cost: ports.costOf(target, counts) });
  }

  #measure(
    status: number,
    { prompt_tokens, completion_tokens }: Tokens,
    duration_ms: number,
  ): void {
    const { ports } = this.#around;
    if (!ports.measured) return;
    const { target } = this.choice;
    const heardAfter = this.#heardAt - this.#request.arrivedAt;
    const sinceFirst = this.#ttftMs === null ? null : heardAfter - this.#ttftMs;
    ports.measured({
      model: target?.name ?? "",
      endpoint: target?.endpoint ?? null,
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
