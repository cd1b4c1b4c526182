import { headersFor, most_redirects, redirectOf } from "../../contract/hub-redirect.ts";
import { fetchOutside } from "../../contract/proxy.ts";
import { hubRefusal } from "./hub-refusal.ts";
import { bodyOf, type Patience, patienceOf, reasonOf } from "./patience.ts";
import { retryAfterMs, TransientError } from "./transient-error.ts";

export interface Hub {
  /** Such as https://huggingface.co, without a slash at its end. */
  endpoint: string;
  /** How long the hub may be silent, before an answer and inside it. */
  patience_ms: number;
  now: () => number;
}

/** What a request is about. */
export interface HubAsk {
  method: "GET" | "HEAD";
  repository: string;
  revision: string;
  /** A file of it; without one, the list of its files. */
  file?: string;
  /** The first byte to send; 0: the whole file, without a range. */
  from?: number;
  /** Empty for none. */
  token: string;
  signal: AbortSignal;
}

export interface HubAnswer {
  status: number;
  headers: Headers;
  /** What the hub itself said, before it sent us to its storage. */
  told: Headers;
  /** The body, to its end; rejects with TransientError when the connection breaks or falls silent. */
  chunks(): AsyncGenerator<Uint8Array>;
  /** For an answer whose body is not wanted after all. */
  discard(): Promise<void>;
}

/**
 * One request by Hugging Face's protocol. A HEAD stays with the hub: where the file lies is not asked.
 * Throws TransientError for what may pass, a Refusal for what the hub will not give.
 */
export async function askHub(hub: Hub, ask: HubAsk): Promise<HubAnswer> {
  const patience = patienceOf(hub.patience_ms, ask.signal);
  try {
    const { response, told, url } = await follow(hub, ask, patience);
    const isElsewhere = url.origin !== new URL(hub.endpoint).origin;
    if (response.ok || (ask.method === "HEAD" && response.status < 400)) {
      const { status, headers } = response;
      const chunks = () => bodyOf(response, patience, url.host);
      const discard = async () => {
        patience.end();
        await response.body?.cancel();
      };
      if (ask.method === "HEAD") await discard();
      return { status, headers, told, chunks, discard };
    }
    await response.body?.cancel();
    const { status, headers } = response;
    if (isElsewhere || status === 408 || status === 429 || status >= 500) {
      throw new TransientError(`${url.host} answered ${status}.`, retryAfterMs(headers, hub.now()));
    }
    throw hubRefusal(hub.endpoint, ask, response);
  } catch (error) {
    patience.end();
    throw error;
  }
}

function urlOf({ endpoint }: Hub, { repository, revision, file }: HubAsk): URL {
  const at = encodeURIComponent(revision);
  if (file === undefined) return new URL(`${endpoint}/api/models/${repository}/revision/${at}`);
  const name = file.split("/").map(encodeURIComponent).join("/");
  return new URL(`${endpoint}/${repository}/resolve/${at}/${name}`);
}

async function follow(hub: Hub, ask: HubAsk, patience: Patience) {
  let url = urlOf(hub, ask);
  const { origin } = url;
  let told: Headers | undefined;
  for (let hop = 0; hop <= most_redirects; hop++) {
    const response = await send(url, ask, origin, patience);
    if (url.origin === origin || told === undefined) told = response.headers;
    const next = redirectOf(response, url);
    if (next === null) throw new TransientError(`${url.host} redirects to nowhere.`);
    const isEnough = next === undefined || (ask.method === "HEAD" && next.origin !== origin);
    if (isEnough) return { response, told, url };
    await response.body?.cancel();
    url = next;
  }
  throw new TransientError(`${url.host} redirects in circles.`);
}

async function send(
  url: URL,
  { method, token, from = 0 }: HubAsk,
  origin: string,
  patience: Patience,
): Promise<Response> {
  patience.renew();
  const range = from > 0 && { range: `bytes=${from}-` };
  try {
    return await fetchOutside(url, {
      method,
      redirect: "manual",
      signal: patience.signal,
      headers: { ...headersFor(url, { origin, token }), ...range },
    });
  } catch (error) {
    throw new TransientError(`${url.host} cannot be reached${reasonOf(error)}.`);
  }
}
