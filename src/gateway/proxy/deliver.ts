/** What a client gets for a runtime's answer, with the row committed before the last byte goes out. */
import type { Failure } from "../../shared/failure.ts";
import type { Answer } from "../../shared/http1/answer.ts";
import { withoutInternals } from "../internals.ts";
import { leastOf } from "../pieces/of-all.ts";
import type { ProtocolAdapter } from "../protocols/adapter.ts";
import { eventStream } from "../protocols/event-stream.ts";
import { asStream } from "../reading/as-stream.ts";
import { isGenerated } from "../reading/whole.ts";
import type { UpstreamFault } from "../upstream/fault.ts";
import type { RequestContext } from "./errand.ts";
import { refusalFor } from "./refusal.ts";
import type { ResponseStart, Source } from "./reply.ts";
import { failureFromRuntime, upstreamError } from "./runtime-error.ts";
import { StreamAnswer } from "./stream-answer.ts";
import type { Tokens } from "./tokens.ts";

/** What came of asking replicas. */
export interface UpstreamAnswer {
  start: ResponseStart;
  reply: Source;
  adapter: ProtocolAdapter;
}

export function writeResponse(
  errand: RequestContext,
  { start: opening, reply, adapter: way }: UpstreamAnswer,
): Promise<Answer> {
  switch (opening.is) {
    case "stream":
      return answerStream(errand, reply, way);
    case "whole":
      return answerWhole(errand, opening, way);
    case "interrupted":
      return writeError(errand, opening.failure, errand.exchange.guess(0));
    case "fault":
      return writeError(errand, failureOf(opening.fault));
  }
}

/** Writes the row and answers with FAILURE: by its status, or inside a stream that was opened to wait. */
export async function writeError(
  errand: RequestContext,
  failure: Failure,
  tokens: Tokens = errand.exchange.made,
): Promise<Answer> {
  await errand.exchange.settle(failure.status, tokens);
  if (!errand.hold?.client) {
    return refusalFor(errand.parsed.kind, failure, errand.id, errand.exchange.headers());
  }
  errand.hold.endWith(failure);
  return await errand.hold.opened;
}

const failureOf = (fault: UpstreamFault): Failure =>
  upstreamError(
    fault.phase === "body"
      ? "The runtime broke off in the middle of its answer. Try again."
      : "The model's runtime could not be reached. Try again in a moment.",
  );

async function answerStream(
  errand: RequestContext,
  reply: Source,
  way: ProtocolAdapter,
): Promise<Answer> {
  const { exchange, parsed: ask, hold, id } = errand;
  const answer = new StreamAnswer(exchange, reply, way.tap(ask), hold?.client ?? null);
  if (answer.earlyFailure) return await writeError(errand, answer.earlyFailure, answer.tokens);
  return hold?.client ? await hold.opened : eventStream(answer.client, id, moreHeaders(errand));
}

type Whole = Extract<ResponseStart, { is: "whole" }>;

async function answerWhole(
  errand: RequestContext,
  whole: Whole,
  way: ProtocolAdapter,
): Promise<Answer> {
  const { exchange, parsed: ask, hold } = errand;
  const { status, contentType, body, read } = whole;
  if (status !== 200) return await writeError(errand, failureFromRuntime(status, body, ask));
  if (ask.kind.startsWith("audio/") && !isJson(contentType))
    return await answerBytes(errand, whole);
  if (!read) {
    const failure = upstreamError("The runtime sent an answer that is not JSON.");
    return await writeError(errand, failure, exchange.guess(0));
  }
  if (ask.stream && isGenerated(ask.kind)) {
    return await answerStream(errand, only(asStream(read.answer)), way);
  }
  const tokens = read.generated
    ? exchange.tokensOf(read.tokens, read.generated, leastOf(read.answer, ask.body))
    : (read.tokens ?? exchange.guess(Math.ceil(body.length / 4)));
  if (hold?.client) {
    return await writeError(errand, upstreamError("The runtime did not send a stream."), tokens);
  }
  const translated = withoutInternals(way.translate(read.answer, ask));
  await exchange.settle(200, tokens);
  return {
    status: 200,
    headers: headersOf(errand, isJson(contentType) ? contentType : "application/json"),
    body: (translated === read.answer ? read.text : null) ?? JSON.stringify(translated),
  };
}

/** A stream that is BYTES, and all here. */
const only = (bytes: Buffer): Source => ({
  follow(follower) {
    follower.data(bytes);
    follower.end();
  },
  pause: () => undefined,
  resume: () => undefined,
  abort: () => undefined,
});

/** Speech, subtitles: what is no JSON has no usage in it. */
async function answerBytes(errand: RequestContext, { contentType, body }: Whole): Promise<Answer> {
  const { exchange } = errand;
  await exchange.settle(200, exchange.guess(0));
  return { status: 200, headers: headersOf(errand, contentType), body };
}

function headersOf(errand: RequestContext, contentType: string): Record<string, string> {
  const own = { "content-type": contentType, "x-request-id": errand.id };
  return isPlain(errand) ? own : { ...moreHeaders(errand), ...own };
}

const isPlain = ({ exchange, parsed: ask }: RequestContext): boolean =>
  !exchange.isLimited && ask.kind !== "messages";

/** Beside `x-request-id`; clients of the Messages API look for the id under their own name for it. */
const moreHeaders = ({ exchange, parsed: ask, id }: RequestContext): Record<string, string> => ({
  ...exchange.headers(),
  ...(ask.kind === "messages" && { "request-id": id }),
});

const isJson = (contentType: string): boolean => contentType.startsWith("application/json");
