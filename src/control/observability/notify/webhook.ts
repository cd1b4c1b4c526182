import { createHmac } from "node:crypto";
import { fetchOutside } from "../../../../agent/contract/proxy.ts";
import type { SettingsView } from "../../settings/groups.ts";
import type { Channel, Outcome } from "./channel.ts";
import { messageOf } from "./message.ts";

export interface WebhookParts {
  settings(): SettingsView["webhook"];
  /** Empty: nothing is signed. Throws a sentence when it cannot be read. */
  secret(): string;
  /** The dashboard's address, without a slash at its end. */
  origin(): string;
  now(): number;
}

const timeout_ms = 10_000;
const words_max_bytes = 300;

/**
 * POSTs each notice as JSON: `{id, kind, at, text, link, ...}`, where `text` is what a mail would have
 * as its subject. Any 2xx accepts it, 410 ends it, all else is tried again.
 *
 * With a secret, `x-hypervize-signature: t=UNIX,v1=HEX` comes with it. A receiver verifies that HEX is
 * the HMAC-SHA256 of `UNIX.BODY` under the secret, in constant time and before it parses the body; that
 * UNIX (seconds) is at most five minutes old, against replays; and drops an `id` that it has seen.
 */
export function webhookChannel(parts: WebhookParts): Channel {
  return {
    enabled: () => parts.settings().enabled,
    target: () => parts.settings().url,
    async deliver({ id, notice }, signal) {
      // The URL of now: one that was mistyped when the notice was written may be right by now.
      const { url: target } = parts.settings();
      try {
        const { subject, link } = messageOf(notice, parts.origin());
        const body = JSON.stringify({ id, ...notice, text: subject, link });
        const headers = { "x-hypervize-notice": id, ...signature(body, parts) };
        return await post(target, { body, headers, signal });
      } catch (error) {
        const detail = `${placeOf(target)} did not take it: ${wordsOf(error)}`;
        return { accepted: false, detail, retry: "later", target };
      }
    },
  };
}

/** Scheme and host alone: for many services the path is the password. */
export function placeOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : "";
}

function signature(body: string, { secret, now }: WebhookParts): Record<string, string> {
  const key = secret();
  if (key === "") return {};
  const time_s = Math.floor(now() / 1000);
  const hex = createHmac("sha256", key).update(`${time_s}.${body}`).digest("hex");
  return { "x-hypervize-signature": `t=${time_s},v1=${hex}` };
}

async function post(
  target: string,
  { body, headers, signal }: { body: string; headers: Record<string, string>; signal: AbortSignal },
): Promise<Outcome> {
  const response = await fetchOutside(target, {
    method: "POST",
    headers: { "content-type": "application/json", "user-agent": "hypervize", ...headers },
    body,
    // A redirect would carry the notice to somewhere that no admin has named.
    redirect: "manual",
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeout_ms)]),
  });
  const detail = `${response.status} ${withoutPath(await firstWords(response), target)}`.trim();
  if (response.ok) return { accepted: true, detail, retry: "never", target };
  const retry = response.status === 410 ? "never" : "later";
  return { accepted: false, detail: `${placeOf(target)} answered ${detail}`, retry, target };
}

/** Many servers repeat the path that they do not know. */
function withoutPath(words: string, url: string): string {
  const { pathname, search } = new URL(url);
  return [pathname + search, pathname, search]
    .filter((part) => part.length > 1)
    .reduce((text, part) => text.replaceAll(part, "…"), words);
}

/** Of the body, however long it is. */
async function firstWords(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    while (reader && size < words_max_bytes) {
      const { value, done } = await reader.read();
      if (done) break;
      chunks.push(value);
      size += value.length;
    }
    await reader?.cancel();
  } catch {
    // The status line has come, and it alone decides.
  }
  const text = Buffer.concat(chunks).subarray(0, words_max_bytes).toString("utf8");
  return text.replace(/\p{Cc}+/gu, " ").trim();
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `it did not answer within ${timeout_ms / 1000} s.`;
  const code = "code" in error && typeof error.code === "string" ? ` (${error.code})` : "";
  return error.message + code;
}
