/** From a checked request to an answer: a replica is claimed and asked, another one if it must be. */
import { asFailure } from "../failure.ts";
import { type Asked, deliver, type Errand, refuse } from "./deliver.ts";
import { Hold } from "./hold.ts";
import { outgoingBody } from "./outgoing.ts";
import type { Replica, Router, Wake } from "./ports.ts";
import { type Opening, Reply } from "./reply.ts";
import { holdMs } from "./scale-up.ts";
import type { Upstream } from "./upstream/client.ts";

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
export async function relay(context: RelayContext, errand: Errand): Promise<Response> {
  try {
    const asked = await askReplicas(context, errand);
    if ("opening" in asked) return await deliver(errand, asked);
    return await relayHeld(context, errand, asked);
  } catch (error) {
    return await fail(errand, error);
  }
}

/** Answers with what was thrown; throws it again when it is a fault of our own. */
async function fail(errand: Errand, error: unknown): Promise<Response> {
  const failure = asFailure(error);
  const answer = await refuse(errand, failure);
  if (failure !== error) throw error;
  return answer;
}

/** Nothing is ready: waits for WAKE, unless client or endpoint would rather fail. */
function relayHeld(context: RelayContext, errand: Errand, wake: Wake): Promise<Response> {
  const { ask, id, exchange, scale_up_timeout_s } = errand;
  const limit_ms = holdMs(scale_up_timeout_s, wake.cold_start, ask.stream);
  if (limit_ms === 0) {
    const refusal = wake.refusal();
    wake.knock();
    throw refusal;
  }
  const { grace_ms, comment_ms, now } = context;
  const hold = new Hold({ id, exchange, stream: ask.stream, limit_ms, grace_ms, comment_ms, now });
  errand.hold = hold;
  const answer = waitAndAsk(context, errand, hold, wake);
  return ask.stream ? Promise.race([answer, hold.opened]) : answer;
}

async function waitAndAsk(
  context: RelayContext,
  errand: Errand,
  hold: Hold,
  wake: Wake,
): Promise<Response> {
  try {
    for (let next = wake; ; ) {
      const replica = errand.exchange.take(await hold.until(next));
      const asked = await askReplicas(context, errand, replica);
      if ("opening" in asked) return await deliver(errand, asked);
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
  errand: Errand,
  first: Replica | null = null,
): Promise<Asked | Wake> {
  const tried = new Set<string>();
  let replica = first ?? errand.exchange.claim(none);
  for (let tries = 1; ; tries++) {
    if ("wait" in replica) return replica;
    const asked = await askReplica(context, errand, replica);
    if (!isWorthAnotherReplica(asked.opening) || tries >= context.max_tries) return asked;
    if (asked.opening.is === "fault") context.router.unreachable(replica.id);
    tried.add(replica.id);
    try {
      replica = errand.exchange.claim(tried);
    } catch {
      return asked;
    }
  }
}

async function askReplica(context: RelayContext, errand: Errand, replica: Replica): Promise<Asked> {
  const { exchange, ask, hold } = errand;
  const reply = new Reply({ stream: ask.stream, maxBytes: context.max_answer_bytes });
  exchange.begin(hold?.during(reply) ?? reply, ask.stream ? "first-byte" : "answer");
  const request = {
    method: "POST",
    path: errand.path,
    headers: [
      ["content-type", "application/json"],
      ["accept", errand.accept],
    ],
    body: outgoingBody(ask, replica.model),
  } as const;
  reply.answers(context.upstream.send(replica, request, reply));
  exchange.sent();
  return { opening: await reply.opened, reply };
}

function isWorthAnotherReplica(opening: Opening): boolean {
  if (opening.is === "fault") return opening.fault.phase !== "body";
  return opening.is === "whole" && (opening.status === 502 || opening.status === 503);
}
