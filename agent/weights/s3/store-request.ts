import type { Cause, S3Access } from "../../contract/protocol/messages.ts";
import { fetchOutside } from "../../contract/proxy.ts";
import { type S3Problem, s3Problem } from "../../contract/s3/refusal.ts";
import { type S3Ask, signedRequest } from "../../contract/s3/request.ts";
import { distrusted, trusting } from "../../contract/s3/trust.ts";
import { StartError } from "../../replicas/start-error.ts";
import type { HubAnswer } from "../hub/hub-request.ts";
import { bodyOf, type Patience, patienceOf, reasonOf } from "../hub/patience.ts";
import { retryAfterMs, TransientError } from "../hub/transient-error.ts";

export interface Store {
  access: S3Access;
  /** How long it may be silent, before an answer and inside it. */
  patience_ms: number;
  now: () => number;
  signal: AbortSignal;
}

/** Of an answer that is an error; S3's have a few hundred bytes. */
const most_error_bytes = 16 * 1024;

/**
 * One request, to the store alone: a redirect is never followed. Throws TransientError for what may pass, a Refusal
 * for what the store will not give.
 */
export async function askStore(store: Store, ask: S3Ask): Promise<HubAnswer> {
  const patience = patienceOf(store.patience_ms, store.signal);
  const { host } = new URL(store.access.endpoint);
  try {
    const response = await send(store, ask, patience, host);
    const { status, headers } = response;
    if (!response.ok) throw await refusalOf(store, ask, response, bodyOf(response, patience, host));
    const discard = async () => {
      patience.end();
      await response.body?.cancel();
    };
    if (ask.method === "HEAD") await discard();
    return {
      status,
      headers,
      told: headers,
      chunks: () => bodyOf(response, patience, host),
      discard,
    };
  } catch (error) {
    patience.end();
    throw error;
  }
}

async function send(
  { access, now }: Store,
  ask: S3Ask,
  patience: Patience,
  host: string,
): Promise<Response> {
  const { url, headers } = await signedRequest(access, ask, now());
  patience.renew();
  try {
    return await fetchOutside(url, {
      method: ask.method,
      headers,
      signal: patience.signal,
      redirect: "manual",
      ...trusting(access),
      // What was uploaded compressed is kept as it is.
      decompress: false,
    });
  } catch (error) {
    const problem = distrusted(access, error);
    if (problem) throw new StartError("config", problem.sentence);
    throw new TransientError(`${host} cannot be reached${reasonOf(error)}.`);
  }
}

/** At most MOST_BYTES of an answer. */
export async function readUpTo(
  chunks: AsyncIterable<Uint8Array>,
  most_bytes: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of chunks) {
    parts.push(part.subarray(0, most_bytes - length));
    length += part.length;
    if (length >= most_bytes) break;
  }
  return Buffer.concat(parts);
}

async function refusalOf(
  { access, now }: Store,
  { bucket, key }: S3Ask,
  { status, headers }: Response,
  chunks: AsyncIterable<Uint8Array>,
): Promise<Error> {
  const body = await readUpTo(chunks, most_error_bytes);
  const what = `s3://${bucket}${key === undefined ? "" : `/${key}`}`;
  const { kind, sentence } = s3Problem(access, what, { status, headers, body }, now());
  if (kind !== "unreachable") return new StartError(causes[kind], sentence, kind === "changed");
  return new TransientError(
    `${new URL(access.endpoint).host} ${sentence}.`,
    retryAfterMs(headers, now()),
  );
}

const causes: Readonly<Record<Exclude<S3Problem["kind"], "unreachable">, Exclude<Cause, "">>> = {
  denied: "gated_model",
  missing: "not_found",
  config: "config",
  changed: "download",
};
