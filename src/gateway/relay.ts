/** From a checked request to an answer: a replica is claimed and asked, another one if it must be. */
import { asFailure, type Failure } from "../failure.ts";
import { type Ask, isObject } from "./ask.ts";
import type { Exchange } from "./exchange.ts";
import { outgoingBody } from "./outgoing.ts";
import type { Replica, Router } from "./ports.ts";
import { type Opening, Reply } from "./reply.ts";
import { failureFromRuntime, upstreamError } from "./runtime-error.ts";
import { StreamAnswer } from "./stream-answer.ts";
import { noTokens, type Tokens, tokensOf } from "./tokens.ts";
import type { Upstream } from "./upstream/client.ts";
import type { UpstreamFault } from "./upstream/fault.ts";

export interface RelayContext {
  upstream: Upstream;
  router: Router;
  max_answer_bytes: number;
  /** Replicas tried for one request. */
  max_tries: number;
}

/** One request to be relayed. */
export interface Errand {
  id: string;
  exchange: Exchange;
  ask: Ask;
  /** Path on the runtime. */
  path: string;
  accept: string;
}

interface Asked {
  opening: Opening;
  reply: Reply;
}

/**
 * Answers ERRAND, also when it fails, with its row committed before the answer's last byte goes out.
 * Rejects only for a fault of our own.
 */
export async function relay(context: RelayContext, errand: Errand): Promise<Response> {
  try {
    const { opening, reply } = await askReplicas(context, errand);
    switch (opening.is) {
      case "stream":
        return await answerStream(errand, reply);
      case "whole":
        return await answerWhole(errand, opening);
      case "interrupted":
        return await refuse(errand, opening.failure, errand.exchange.guess(0));
      case "fault":
        return await refuse(errand, failureOf(opening.fault), noTokens);
    }
  } catch (error) {
    const failure = asFailure(error);
    const answer = await refuse(errand, failure, noTokens);
    if (failure !== error) throw error;
    return answer;
  }
}

const failureOf = (fault: UpstreamFault): Failure =>
  upstreamError(
    fault.phase === "body"
      ? "The runtime broke off in the middle of its answer. Try again."
      : "The model's runtime could not be reached. Try again in a moment.",
  );

/**
 * Asks replicas until one answers. A further one is asked only while nothing of an answer has come:
 * after that a client could see two answers in one.
 */
async function askReplicas(context: RelayContext, errand: Errand): Promise<Asked> {
  const tried = new Set<string>();
  let replica = errand.exchange.claim(tried);
  for (let tries = 1; ; tries++) {
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
  const { exchange, ask } = errand;
  const reply = new Reply({ stream: ask.stream, maxBytes: context.max_answer_bytes });
  exchange.begin(reply, ask.stream ? "first-byte" : "answer");
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
  return { opening: await reply.opened, reply };
}

function isWorthAnotherReplica(opening: Opening): boolean {
  if (opening.is === "fault") return opening.fault.phase !== "body";
  return opening.is === "whole" && (opening.status === 502 || opening.status === 503);
}

async function answerStream(errand: Errand, reply: Reply): Promise<Response> {
  const answer = new StreamAnswer(errand.exchange, reply, errand.ask.includeUsage);
  if (answer.earlyFailure) return await refuse(errand, answer.earlyFailure, noTokens);
  return new Response(answer.body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
      "x-request-id": errand.id,
    },
  });
}

type Whole = Extract<Opening, { is: "whole" }>;

async function answerWhole(
  errand: Errand,
  { status, contentType, body }: Whole,
): Promise<Response> {
  const { exchange, ask } = errand;
  if (status !== 200) return await refuse(errand, failureFromRuntime(status, body, ask), noTokens);
  const answer = parseObject(body);
  if (!answer) {
    const failure = upstreamError("The runtime sent an answer that is not JSON.");
    return await refuse(errand, failure, exchange.guess(0));
  }
  await exchange.settle(
    200,
    tokensOf(answer["usage"]) ?? exchange.guess(Math.ceil(body.length / 4)),
  );
  // What a socket gives is never shared memory, which is all that the wider type would allow.
  return new Response(body as Buffer<ArrayBuffer>, {
    headers: { "content-type": contentType, "x-request-id": errand.id },
  });
}

async function refuse(errand: Errand, failure: Failure, tokens: Tokens): Promise<Response> {
  await errand.exchange.settle(failure.status, tokens);
  return failure.toResponse(errand.id);
}

function parseObject(body: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
