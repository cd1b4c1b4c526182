import { template_words } from "../fields.ts";
import type { Kind } from "../request/allow-list.ts";
import { isObject } from "../request/json.ts";
import type { ParsedRequest } from "../request/parsed-request.ts";

/**
 * The body for a runtime: ASK with the runtime's name for the model and, on a stream, usage asked for. One that is
 * FOREIGN, a provider, gets the fields that we do not know, too.
 * The text that the client sent goes up as it is wherever that is safe, which also keeps numbers that
 * JavaScript cannot hold.
 */
export function outgoingBody(ask: ParsedRequest, servedModel: string, foreign = false): string {
  const options = ask.body["stream_options"];
  const addsOptions =
    ask.stream && countsOnRequest.has(ask.kind) && (options === undefined || !ask.includeUsage);
  const out = foreign ? [] : ask.leftOut;
  const verbatim =
    servedModel === ask.model && (!addsOptions || options === undefined) && out.length === 0;
  if (!verbatim || mayRepeatAKey(ask)) return serialize(ask, servedModel, out);
  return addsOptions ? withUsageAsked(ask.text) : ask.text;
}

/** Where a stream says how many tokens it had only when it is asked to. */
const countsOnRequest: ReadonlySet<Kind> = new Set(["chat/completions", "completions"]);

/** What makes a request many pieces of work. */
const counted = ["n", "best_of", "prompt", "input", "documents"];

/**
 * A body may name a key twice, and readers disagree on which one counts: JSON.parse takes the last,
 * others the first. What we checked must be what the runtime reads (OWASP ASVS 1.5.3), so such a body
 * is written anew. `\u00` is the only other way to spell an ASCII letter.
 */
function mayRepeatAKey({ text, body }: ParsedRequest): boolean {
  return (
    counted.some((key) => body[key] !== undefined && repeats(text, `"${key}"`)) ||
    (body[template_words] !== undefined && repeats(text, `"${template_words}"`)) ||
    repeats(text, '"model"') ||
    repeats(text, '"stream"') ||
    repeats(text, '"stream_options"') ||
    repeats(text, '"include_usage"') ||
    text.includes("\\u00")
  );
}

function repeats(text: string, key: string): boolean {
  const first = text.indexOf(key);
  return first !== -1 && text.indexOf(key, first + key.length) !== -1;
}

/** The text is a JSON object that is not empty, so its last brace closes it. */
function withUsageAsked(text: string): string {
  const end = text.lastIndexOf("}");
  return `${text.slice(0, end)},"stream_options":{"include_usage":true}}`;
}

function serialize(ask: ParsedRequest, servedModel: string, out: readonly string[]): string {
  const options = ask.body["stream_options"];
  const body: Record<string, unknown> = { ...ask.body, model: servedModel };
  for (const field of out) delete body[field];
  if (ask.stream && countsOnRequest.has(ask.kind)) {
    body["stream_options"] = { ...(isObject(options) ? options : {}), include_usage: true };
  }
  return JSON.stringify(body);
}
