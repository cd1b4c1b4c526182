/** What a client gets for a runtime's answer, with the row committed before the last byte goes out. */
import type { Failure } from "../failure.ts";
import { type Ask, isObject } from "./ask.ts";
import type { Exchange } from "./exchange.ts";
import type { Hold } from "./hold.ts";
import type { Opening, Reply } from "./reply.ts";
import { failureFromRuntime, upstreamError } from "./runtime-error.ts";
import { StreamAnswer } from "./stream-answer.ts";
import { noTokens, type Tokens, tokensOf } from "./tokens.ts";
import type { UpstreamFault } from "./upstream/fault.ts";

/** One request to be relayed. */
export interface Errand {
  id: string;
  exchange: Exchange;
  ask: Ask;
  /** Path on the runtime. */
  path: string;
  accept: string;
  /** Seconds that its client would wait for a model to wake; null when it did not say. */
  scale_up_timeout_s: number | null;
  /** Set when it has had to wait. */
  hold: Hold | null;
}

/** What came of asking replicas. */
export interface Asked {
  opening: Opening;
  reply: Reply;
}

export async function deliver(errand: Errand, { opening, reply }: Asked): Promise<Response> {
  switch (opening.is) {
    case "stream":
      return await answerStream(errand, reply);
    case "whole":
      return await answerWhole(errand, opening);
    case "interrupted":
      return await refuse(errand, opening.failure, errand.exchange.guess(0));
    case "fault":
      return await refuse(errand, failureOf(opening.fault));
  }
}

/** Writes the row and answers with FAILURE: by its status, or inside a stream that was opened to wait. */
export async function refuse(
  { id, exchange, hold }: Errand,
  failure: Failure,
  tokens: Tokens = noTokens,
): Promise<Response> {
  await exchange.settle(failure.status, tokens);
  if (!hold?.client) return failure.toResponse(id);
  hold.endWith(failure);
  return await hold.opened;
}

const failureOf = (fault: UpstreamFault): Failure =>
  upstreamError(
    fault.phase === "body"
      ? "The runtime broke off in the middle of its answer. Try again."
      : "The model's runtime could not be reached. Try again in a moment.",
  );

async function answerStream(errand: Errand, reply: Reply): Promise<Response> {
  const { exchange, ask, hold, id } = errand;
  const answer = new StreamAnswer(exchange, reply, ask.includeUsage, hold?.client ?? null);
  if (answer.earlyFailure) return await refuse(errand, answer.earlyFailure);
  return hold?.client ? await hold.opened : answer.client.answer(id);
}

type Whole = Extract<Opening, { is: "whole" }>;

async function answerWhole(
  errand: Errand,
  { status, contentType, body }: Whole,
): Promise<Response> {
  const { exchange, ask, hold } = errand;
  if (status !== 200) return await refuse(errand, failureFromRuntime(status, body, ask));
  const answer = parseObject(body);
  if (!answer) {
    const failure = upstreamError("The runtime sent an answer that is not JSON.");
    return await refuse(errand, failure, exchange.guess(0));
  }
  const tokens = tokensOf(answer["usage"]) ?? exchange.guess(Math.ceil(body.length / 4));
  if (hold?.client) {
    return await refuse(errand, upstreamError("The runtime did not send a stream."), tokens);
  }
  await exchange.settle(200, tokens);
  // What a socket gives is never shared memory, which is all that the wider type would allow.
  return new Response(body as Buffer<ArrayBuffer>, {
    headers: { "content-type": contentType, "x-request-id": errand.id },
  });
}

function parseObject(body: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
