/** One request to a model hub (Hugging Face's protocol): redirects, the token, time and bytes are bounded. */
import { headersFor, most_redirects, redirectOf } from "../../../../agent/contract/hub-redirect.ts";

export interface Hub {
  /** Such as https://huggingface.co, without a slash at its end. */
  endpoint: string;
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** In which each request must be answered whole. */
  timeout_ms: number;
}

/**
 * `gated`: there, but not for this token. `missing`: no such model for whoever asks. `too_long`: more
 * than we read to size a model.
 */
export type HubProblem = "unreachable" | "missing" | "no_revision" | "gated" | "too_long";

/** Its message is a clause, `which answered 503`, to follow the hub's name. */
export class HubError extends Error {
  readonly problem: HubProblem;

  constructor(problem: HubProblem, clause: string, cause?: unknown) {
    super(clause, { cause });
    this.name = "HubError";
    this.problem = problem;
  }
}

export interface HubAsk {
  /** Begins with a slash, encoded. */
  path: string;
  token: string;
  headers?: Record<string, string>;
  /** The rest of the body is not read. */
  most_bytes: number;
  signal: AbortSignal;
}

export interface HubAnswer {
  status: number;
  headers: Headers;
  /** Empty for a range behind the file's end. */
  bytes: Uint8Array;
}

const most_error_bytes = 4096;

/** Throws a HubError for every answer that is not what was asked for. */
export async function askHub(hub: Hub, ask: HubAsk): Promise<HubAnswer> {
  const signal = AbortSignal.any([ask.signal, AbortSignal.timeout(hub.timeout_ms)]);
  try {
    const response = await follow(hub, ask, signal);
    const most = response.ok ? ask.most_bytes : most_error_bytes;
    const bytes = await upTo(response, most);
    if (response.status === 416) return { status: 416, headers: response.headers, bytes: none };
    if (!response.ok) throw refusal(response, new TextDecoder().decode(bytes));
    return { status: response.status, headers: response.headers, bytes };
  } catch (error) {
    if (error instanceof HubError) throw error;
    const late = signal.aborted && "which did not answer in time";
    throw new HubError("unreachable", late || "which could not be reached", error);
  }
}

const none = new Uint8Array(0);

async function follow(hub: Hub, ask: HubAsk, signal: AbortSignal): Promise<Response> {
  const { origin } = new URL(hub.endpoint);
  const { token } = ask;
  let url = new URL(`${hub.endpoint}${ask.path}`);
  for (let hop = 0; hop <= most_redirects; hop++) {
    const headers = { ...ask.headers, ...headersFor(url, { origin, token }) };
    const response = await hub.fetch(url.href, { redirect: "manual", signal, headers });
    const next = redirectOf(response, url);
    if (next === undefined) return response;
    await response.body?.cancel();
    if (next === null) break;
    url = next;
  }
  throw new HubError("unreachable", "which redirects to nowhere");
}

/** Stops the transfer as soon as there is enough: a server may ignore a range and send the whole file. */
export async function upTo(response: Response, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop cancels the stream, and with it the request.
  for await (const part of response.body ?? []) {
    parts.push(part.subarray(0, most - length));
    length += part.byteLength;
    if (length >= most) break;
  }
  return Buffer.concat(parts);
}

/**
 * The hub answers 401 also for models that do not exist, when nobody is logged in; only its words tell
 * them from gated ones (huggingface_hub `hf_raise_for_status`).
 */
function refusal({ status, headers }: Response, body: string): HubError {
  const code = headers.get("x-error-code");
  const words = `${headers.get("x-error-message") ?? ""} ${body}`;
  if (code === "RevisionNotFound")
    return new HubError("no_revision", "which knows no such revision");
  if (code === "EntryNotFound")
    return new HubError("unreachable", "which lacks a file that it lists");
  if (status === 404 || code === "RepoNotFound") return missing;
  if (status === 401 || status === 403) {
    if (code !== "GatedRepo" && /invalid username or password/i.test(words)) return missing;
    return new HubError("gated", `which answered ${status}`);
  }
  return new HubError("unreachable", `which answered ${status}`);
}

const missing = new HubError("missing", "which has no such model");
