import { Failure } from "../../shared/failure.ts";
import { mostTokens } from "../pieces/pieces.ts";
import type { Admission, Caller, GatewayPorts, Replica, TokenCounts, Uncounted } from "../ports.ts";
import type { ProtocolAdapter } from "../protocols/adapter.ts";
import type { ParsedRequest } from "../request/parsed-request.ts";
import { UpstreamSelection } from "./choice.ts";
import type { InflightRegistry, InflightRequest } from "./inflight.ts";
import { exceeded, type Timeouts, type Waiting } from "./timeouts.ts";
import { guessTokens, noTokens, sum, type Tokens } from "./tokens.ts";

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
  /** What the client wants its requests kept together by. */
  sticky: string | null;
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
  #made: Tokens = noTokens;
  #waiting: Waiting = "answer";
  #heardAt: number;
  #pingedAt: number;

  constructor(request: AdmittedRequest, around: ExchangeDeps) {
    this.#request = request;
    this.#around = around;
    this.choice = new UpstreamSelection(request, around.ports.router);
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

  /** See `piecesOf`. */
  get pieces(): number {
    return this.#request.parsed.pieces;
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

  /** A runtime has the request, by WAY. */
  sent(way: ProtocolAdapter): void {
    this.#way = way;
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

  /**
   * A piece of the request is done. Returns why no further one may begin: what the pieces cost already, beside what
   * rows say, is all that a budget has left.
   */
  made(tokens: Tokens): Failure | null {
    this.#made = sum(this.#made, tokens);
    this.heard();
    const { target } = this.choice;
    const cost = target ? this.#around.ports.costOf(target, this.#made) : 0;
    return this.#request.admission?.refusalOf(cost) ?? null;
  }

  /** Throws when the pieces may cost more than a budget has left. */
  refuseDear(): void {
    const { parsed, admission } = this.#request;
    const { target } = this.choice;
    if (parsed.pieces === 1 || !admission || !target) return;
    const prompt_tokens = Math.ceil(parsed.text.length / 4);
    const completion_tokens = mostTokens(parsed.body, parsed.pieces);
    const most = { prompt_tokens, completion_tokens, cached_tokens: 0 };
    const refusal = admission.refusalOf(this.#around.ports.costOf(target, most));
    if (refusal) throw refusal;
  }

  /** What the row says when the runtime gave no counts. */
  guess(completionTokens: number): Tokens {
    return guessTokens(this.#request.parsed.text.length, completionTokens);
  }

  /** Ends the request: releases the claim and writes the row. Resolves when the row is committed. */
  settle(status: number, tokens: Tokens): Promise<void> {
    // What pieces have made was made, however the request ends.
    const whole = status !== 200 && this.#made !== noTokens ? this.#made : tokens;
    this.#settled ??= this.#record(status, whole);
    return this.#settled;
  }

  async #record(status: number, tokens: Tokens): Promise<void> {
    const { id, caller, parsed: ask, admission } = this.#request;
    const { ports, inflight: live } = this.#around;
    const { target, replica } = this.choice;
    this.choice.release();
    live.remove(this);
    const cost = target ? ports.costOf(target, tokens) : 0;
    admission?.end(tokens.prompt_tokens + tokens.completion_tokens);
    const duration_ms = this.#age;
    this.#measure(status, tokens, duration_ms);
    try {
      await ports.usage.record({
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
    const text = replica && this.#way?.body(ask, replica);
    if (!target || !replica || !this.#way || typeof text !== "string") return;
    const { runtime } = replica;
    const counts = await recount(replica, { runtime, path: this.#way.path, text, frames });
    if (!counts) return;
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
