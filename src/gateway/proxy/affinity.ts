import type { Kind } from "../request/allow-list.ts";
import { isObject } from "../request/json.ts";
import type { ParsedRequest } from "../request/parsed-request.ts";

const uncached: ReadonlySet<Kind> = new Set<Kind>([
  "embeddings",
  "rerank",
  "audio/transcriptions",
  "audio/speech",
  "images/generations",
]);

/** Whether a runtime keeps a cache of what it is asked; for the others an affinity would only crowd replicas. */
export const isCached = (kind: Kind): boolean => !uncached.has(kind);

/**
 * Equal numbers for requests that begin alike: the replica that answered the one still has the other's prefix in
 * its cache. STICKY, when the client gives it, says it instead.
 */
export function affinityOf({ body }: Pick<ParsedRequest, "body">, sticky: string | null): number {
  return Number(BigInt.asUintN(32, sticky === null ? beginning(body) : mixed(0n, sticky)));
}

/**
 * All that comes before the first answer, as far as one conversation has it in every turn: tools, system prompt,
 * and the messages up to and with the first of the user. Less would be equal in many conversations (every agent's
 * begins with the same thousands of words), and more changes from turn to turn.
 */
function beginning({
  messages,
  input,
  prompt,
  system,
  instructions,
  tools,
}: ParsedRequest["body"]): bigint {
  const before = mixed(mixed(namesOf(tools), instructions), system);
  if (Array.isArray(messages)) return opening(before, messages);
  if (Array.isArray(input)) return opening(before, input);
  return mixed(mixed(before, input), firstOf(prompt));
}

/** What tools are called and said to be for tells their list from others; their schemas are a thousand small values. */
function namesOf(tools: unknown): bigint {
  if (!Array.isArray(tools)) return 0n;
  let all = BigInt(tools.length);
  for (const tool of tools) {
    if (!isObject(tool)) continue;
    const { name, type, description } = isObject(tool["function"]) ? tool["function"] : tool;
    all = mixed(mixed(all, name ?? type), description);
  }
  return all;
}

function opening(before: bigint, messages: readonly unknown[]): bigint {
  let all = before;
  for (const message of messages) {
    all = mixed(all, isObject(message) ? [message["role"], contentOf(message)] : message);
    if (isObject(message) && message["role"] === "user") break;
  }
  return all;
}

/** A text alone is the same as one part with that text: a client may change its mind between two turns. */
function contentOf({ content }: Record<string, unknown>): unknown {
  if (!Array.isArray(content)) return content;
  return content.map((part) => (isObject(part) && "text" in part ? part["text"] : part));
}

/** A prompt without messages grows at its end, and nothing says where a turn of it ends. */
const prompt_characters = 1024;

const firstOf = (prompt: unknown): unknown =>
  typeof prompt === "string" ? prompt.slice(0, prompt_characters) : prompt;

/** A block that Claude Code puts in front, with another hash in every request. */
const changing = "x-anthropic-billing-header";
/** Of what is nested deeper, nothing counts. */
const deepest = 32;

/** HASH, and VALUE behind it. Texts are hashed where they are, 30 GB a second: a prompt may be a megabyte. */
function mixed(hash: bigint, value: unknown, depth = 0): bigint {
  if (typeof value === "string") {
    return value.startsWith(changing) ? hash : Bun.hash.xxHash3(value, hash);
  }
  if (value === undefined || depth > deepest) return hash;
  if (typeof value !== "object" || value === null) return mixed(hash, String(value));
  let all = hash;
  if (Array.isArray(value)) for (const element of value) all = mixed(all, element, depth + 1);
  else {
    for (const [name, part] of Object.entries(value)) {
      all = mixed(mixed(all, name), part, depth + 1);
    }
  }
  return all;
}
