/** From a checked request to an answer: a replica is claimed and asked, another one if it must be. */
import { asFailure, badRequest } from "../../shared/failure.ts";
import type { Answer } from "../../shared/http1/answer.ts";
import { divided } from "../pieces/divide.ts";
import { FanOut } from "../pieces/fan-out.ts";
import type { Replica, Router, Wake } from "../ports.ts";
import { adapterFor, type ProtocolAdapter } from "../protocols/adapter.ts";
import { understood } from "../reading/opening.ts";
import { holdMs } from "../request/scale-up.ts";
import type { Upstream } from "../upstream/client.ts";
import type { UpstreamRequest } from "../upstream/request.ts";
import { type UpstreamAnswer, writeError, writeResponse } from "./deliver.ts";
import type { RequestContext } from "./errand.ts";
import { Hold } from "./hold.ts";
import { type ResponseStart, UpstreamResponse } from "./reply.ts";
import { isTooLong, refusesUs } from "./runtime-error.ts";

export interface RelayContext {
  upstream: Upstream;
  router: Router;
  max_answer_bytes: number;
  /** Replicas tried for one request. */
  max_tries: number;
  /** See `HoldOptions`. */
  grace_ms: number;
  comment_ms: number;
  now(): number;
  report(error: unknown): void;
}

/**
 * Answers ERRAND, also when it fails, with its row committed before the answer's last byte goes out.
 * Rejects only for a fault of our own.
 */
export async function relay(context: RelayContext, errand: RequestContext): Promise<Answer> {
  try {
    const asked = await askReplicas(context, errand);
    if ("start" in asked) return await writeResponse(errand, asked);
    return await relayHeld(context, errand, asked);
  } catch (error) {
    return await fail(errand, error);
  }
}

/** Answers with what was thrown; throws it again when it is a fault of our own. */
async function fail(errand: RequestContext, error: unknown): Promise<Answer> {
  const isTooDeep = error instanceof RangeError;
  const failure = isTooDeep ? tooDeep() : asFailure(error);
  const answer = await writeError(errand, failure);
  if (failure !== error && !isTooDeep) throw error;
  return answer;
}

/** A body of a hundred thousand brackets can be parsed, but whoever walks through it runs out of stack. */
const tooDeep = () => badRequest("The body is nested too deeply.");

/** Nothing is ready: waits for WAKE, unless client or endpoint would rather fail. */
function relayHeld(context: RelayContext, errand: RequestContext, wake: Wake): Promise<Answer> {
  const { parsed: ask, id, exchange, scale_up_timeout_s } = errand;
  const limit_ms = holdMs(scale_up_timeout_s, wake.cold_start, ask.stream);
  if (limit_ms === 0) {
    const refusal = wake.refusal();
    wake.trigger();
    throw refusal;
  }
  const { grace_ms, comment_ms, now } = context;
  const hold = new Hold({
    id,
    exchange,
    stream: ask.stream,
    limit_ms,
    grace_ms,
    comment_ms,
    now,
    broken: (failure) => adapterFor(ask.kind).tap(ask).broken(failure),
    headers: () => exchange.headers(),
  });
  errand.hold = hold;
  const answer = waitAndAsk(context, errand, hold, wake);
  return ask.stream ? Promise.race([answer, hold.opened]) : answer;
}

async function waitAndAsk(
  context: RelayContext,
  errand: RequestContext,
  hold: Hold,
  wake: Wake,
): Promise<Answer> {
  try {
    for (let next = wake; ; ) {
      const replica = errand.exchange.choice.take(await hold.until(next));
      const asked = await askReplicas(context, errand, replica);
      if ("start" in asked) return await writeResponse(errand, asked);
      // It fell asleep again in between.
      next = asked;
    }
  } catch (error) {
    const failed = fail(errand, error);
    // Its client has the answer already, so nobody else would hear of a fault of our own.
    if (hold.client) failed.catch(context.report);
    return await failed;
  }
}

const none: ReadonlySet<string> = new Set();

/**
 * Asks replicas until one answers, beginning with FIRST; what to wait for when there is none. A further
 * one is asked only while nothing of an answer has come: after that a client could see two answers in one.
 */
async function askReplicas(
  context: RelayContext,
  errand: RequestContext,
  first: Replica | null = null,
): Promise<UpstreamAnswer | Wake> {
  const { choice } = errand.exchange;
  let tried = none;
  let replica = first ?? choice.claim(none);
  for (let tries = 1; ; tries++) {
    if ("wait" in replica) return replica;
    const way = adapterFor(errand.parsed.kind);
    const reply = askReplica(context, errand, replica, way);
    const opening = understood(await reply.opened, errand.parsed.kind);
    const asked = { start: opening, reply, adapter: way };
    const next = nextStep(opening);
    const ok = next !== "another-replica";
    context.router.outcome(replica.id, ok, opening.is === "whole" ? "broken" : "unreachable");
    if (next === "deliver") return asked;
    const isEnough = next === "another-model" || tries >= context.max_tries;
    if (isEnough && !choice.fallBack()) return asked;
    tried = new Set([...tried, replica.id]);
    try {
      replica = choice.claim(tried);
    } catch {
      return asked;
    }
  }
}

function askReplica(
  context: RelayContext,
  errand: RequestContext,
  replica: Replica,
  way: ProtocolAdapter,
): UpstreamResponse {
  const { exchange, parsed: ask, hold } = errand;
  const reply = new UpstreamResponse({ stream: ask.stream, maxBytes: context.max_answer_bytes });
  exchange.begin(hold?.during(reply) ?? reply, ask.stream ? "first-byte" : "answer");
  const request = {
    method: "POST",
    path: way.path,
    headers: [
      ["content-type", ask.form?.contentType ?? "application/json"],
      ["accept", errand.accept],
    ],
  } as const;
  const pieces = fanOut(context, errand, { replica, way, request, reply });
  if (pieces) reply.answers(pieces);
  else {
    const whole = { ...request, body: way.body(ask, replica) };
    reply.answers(context.upstream.send(replica, whole, reply));
  }
  exchange.sent(way, pieces);
  pieces?.start();
  return reply;
}

interface Sent {
  replica: Replica;
  way: ProtocolAdapter;
  request: Omit<UpstreamRequest, "body">;
  reply: UpstreamResponse;
}

/** Null when the replica gets the request in one. */
function fanOut(
  { upstream, max_answer_bytes }: RelayContext,
  { parsed: ask, exchange }: RequestContext,
  { replica, way, request, reply }: Sent,
): FanOut | null {
  const parts = divided(ask, replica, () => way.body(ask, replica));
  const { places } = exchange.choice;
  if (!parts || !places) return null;
  return new FanOut({
    divided: parts,
    stream: ask.stream,
    sink: reply,
    max_bytes: max_answer_bytes,
    places,
    send: (body, sink) => upstream.send(replica, { ...request, body }, sink),
    made: () => exchange.pieceMade(),
  });
}

/** What to do with what a replica answered: pass it on, or ask elsewhere because nothing is lost by it. */
function nextStep(opening: ResponseStart): "deliver" | "another-replica" | "another-model" {
  if (opening.is === "fault") return opening.fault.phase === "body" ? "deliver" : "another-replica";
  if (opening.is !== "whole" || opening.status === 200) return "deliver";
  const { status } = opening;
  if (status === 502 || status === 503 || refusesUs.has(status)) return "another-replica";
  return isTooLong(opening.status, opening.body) ? "another-model" : "deliver";
}
