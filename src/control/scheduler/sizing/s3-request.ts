/** One request to a store of S3: time and bytes are bounded, and no redirect is followed. */
import type { S3Access } from "../../../../agent/contract/protocol/messages.ts";
import { type S3Problem, s3Problem } from "../../../../agent/contract/s3/refusal.ts";
import { type S3Ask, signedRequest } from "../../../../agent/contract/s3/request.ts";
import { distrusted, trusting } from "../../../../agent/contract/s3/trust.ts";
import { type HubAnswer, HubError, type HubProblem, upTo } from "./hub-request.ts";

export interface S3Store {
  /** Null where none is set up. */
  access(): S3Access | null;
  fetch(url: string, init: RequestInit): Promise<Response>;
  now(): number;
  /** In which each request must be answered whole. */
  timeout_ms: number;
}

/** What the store refuses; `unreachable` is a HubError like a hub's, all others have a whole sentence. */
export class S3Error extends HubError {
  readonly kind: S3Problem["kind"];
  readonly sentence: string;

  constructor({ kind, sentence }: S3Problem) {
    super(problems[kind], kind === "unreachable" ? `which ${sentence}` : sentence);
    this.name = "S3Error";
    this.kind = kind;
    this.sentence = sentence;
  }
}

const problems: Readonly<Record<S3Problem["kind"], HubProblem>> = {
  unreachable: "unreachable",
  changed: "unreachable",
  denied: "gated",
  config: "gated",
  missing: "missing",
};

export interface S3Reading extends S3Ask {
  /** The rest of the body is not read. */
  most_bytes: number;
  signal: AbortSignal;
}

const most_error_bytes = 16 * 1024;

/** Throws a HubError for every answer that is not what was asked for. */
export async function askStore(
  { fetch, now, timeout_ms }: S3Store,
  access: S3Access,
  { most_bytes, signal: parent, ...ask }: S3Reading,
): Promise<HubAnswer> {
  const signal = AbortSignal.any([parent, AbortSignal.timeout(timeout_ms)]);
  try {
    const { url, headers } = await signedRequest(access, ask, now());
    const init = {
      method: ask.method,
      headers,
      signal,
      redirect: "manual",
      decompress: false,
      ...trusting(access),
    } as const;
    const response = await fetch(url, init);
    const { status } = response;
    const body = await upTo(response, response.ok ? most_bytes : most_error_bytes);
    if (status === 416) return { status, headers: response.headers, bytes: new Uint8Array(0) };
    if (response.ok) return { status, headers: response.headers, bytes: body };
    const what = `s3://${ask.bucket}${ask.key === undefined ? "" : `/${ask.key}`}`;
    throw new S3Error(s3Problem(access, what, { status, headers: response.headers, body }, now()));
  } catch (error) {
    if (error instanceof HubError) throw error;
    const problem = distrusted(access, error);
    if (problem) throw new S3Error(problem);
    const late = signal.aborted && "which did not answer in time";
    throw new HubError("unreachable", late || "which could not be reached", error);
  }
}
