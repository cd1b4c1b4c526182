/**
 * What a runtime says when it fails, in our words: the OpenAI envelope with `code` a string or null.
 * Runtimes send integer codes, Python class names, FastAPI's `detail`, HTML, or plain text.
 */
import { Failure } from "../../shared/failure.ts";
import type { Kind } from "../request/allow-list.ts";
import { isObject } from "../request/json.ts";
import type { ParsedRequest } from "../request/parsed-request.ts";

interface RuntimeError {
  message: string;
  type: string;
  code: unknown;
  param: string | null;
  detail: Record<string, unknown>;
}

/** The failure to answer with when a runtime answered STATUS with BODY to ASK. */
export function failureFromRuntime(status: number, body: Buffer, ask: ParsedRequest): Failure {
  const error = readError(body);
  if (status === 503) return overloaded();
  if (status === 504) return runtimeTimeout("The runtime gave up on the request.");
  // Its 401 would be about our way to it, its 429 about its own queue: neither is the client's doing.
  if (status === 429) return overloaded();
  if (error && isMissingRoute(status, error)) return notServed(ask.kind);
  if (error && isUnreadableMessages(error)) {
    return new Failure(400, "The model's chat template cannot read `messages`. Check every role.", {
      param: "messages",
    });
  }
  if (!error || status < 400 || status >= 500 || refusesUs.has(status)) {
    return upstreamError("The runtime could not answer. Try again.");
  }
  if (isContextOverflow(error)) return contextTooLong(error.detail, inputOf[ask.kind]);
  const message = safeMessage(error.message, ask);
  return new Failure(status, message, { code: stringCode(error), param: error.param });
}

/** It does not accept us, or our account is empty: another replica may well answer. */
export const refusesUs: ReadonlySet<number> = new Set([401, 402, 403, 407]);

/** Whether a runtime's refusal is about the length of the request: a model with more room may take it. */
export function isTooLong(status: number, body: Buffer): boolean {
  const error = status === 400 || status === 413 ? readError(body) : null;
  return error !== null && isContextOverflow(error);
}

/** The same for an error that came inside a stream. Its text is not passed on: it may quote the prompt. */
export function failureFromFrame(frame: unknown): Failure {
  const error = errorOf(frame);
  if (error && isContextOverflow(error)) return contextTooLong(error.detail);
  return upstreamError("The runtime failed while it was answering.");
}

export const upstreamError = (message: string): Failure =>
  new Failure(502, message, { code: "upstream_error" });

/** Work was started, so a client must not have it done again by a silent retry. */
export const runtimeTimeout = (message: string): Failure =>
  new Failure(504, message, { code: "timeout", headers: { "x-should-retry": "false" } });

const isMissingRoute = (status: number, { message }: RuntimeError): boolean =>
  [404, 405, 501].includes(status) && !/\bmodel\b/i.test(message);

/** The model is there: it is the route that its runtime does not have. */
const notServed = (kind: Kind): Failure =>
  new Failure(400, `This model does not serve /v1/${kind}. Use a model that does.`, {
    code: "unsupported_route",
    param: "model",
  });

const overloaded = (): Failure =>
  new Failure(503, "The runtime has no room at the moment. Try again shortly.", {
    code: "overloaded",
    headers: { "retry-after": "1" },
  });

function readError(body: Buffer): RuntimeError | null {
  try {
    return errorOf(JSON.parse(body.toString("utf8")));
  } catch {
    return null;
  }
}

function errorOf(value: unknown): RuntimeError | null {
  if (!isObject(value)) return null;
  const inner = value["error"] ?? value["detail"] ?? value;
  if (!isObject(inner)) {
    const message = typeof inner === "string" ? inner : "";
    return { message, type: "", code: null, param: null, detail: {} };
  }
  const message = inner["message"];
  return {
    message: typeof message === "string" ? message : "",
    type: typeof inner["type"] === "string" ? inner["type"] : "",
    code: inner["code"],
    param: typeof inner["param"] === "string" ? inner["param"] : null,
    detail: inner,
  };
}

function isContextOverflow(error: RuntimeError): boolean {
  return (
    error.type === "exceed_context_size_error" ||
    error.code === "context_length_exceeded" ||
    /maximum context length|available context size/i.test(error.message)
  );
}

/** llama-server answers 500 here, and quotes the message. */
const isUnreadableMessages = (error: RuntimeError): boolean =>
  error.message.startsWith("Failed to parse messages");

/** Where the text stands that is too long. */
const inputOf: Readonly<Partial<Record<Kind, string>>> = {
  completions: "prompt",
  embeddings: "input",
  rerank: "documents",
  responses: "input",
};

function contextTooLong(detail: Record<string, unknown>, param = "messages"): Failure {
  const asked = detail["n_prompt_tokens"];
  const room = detail["n_ctx"];
  const numbers =
    typeof asked === "number" && typeof room === "number"
      ? ` (${asked} tokens asked, ${room} fit)`
      : "";
  return new Failure(400, `The request is longer than the model's context${numbers}. Shorten it.`, {
    code: "context_length_exceeded",
    param,
  });
}

function stringCode(error: RuntimeError): string | null {
  return typeof error.code === "string" && /^[a-z][a-z0-9_]*$/.test(error.code) ? error.code : null;
}

const max_message_length = 300;

/**
 * A runtime's sentence is the best help for a wrong parameter, but vLLM (pydantic's `input`) and
 * llama-server (`messages = ...`) add what was sent. That part is cut, and a message that still
 * quotes the request is replaced.
 */
function safeMessage(message: string, ask: ParsedRequest): string {
  const cut = message.split(/;? *(?:messages = |'input': |input_value=)/, 1)[0] ?? "";
  const quotes = [...texts(ask.body)].some(
    (text) => text.length > 3 && cut.includes(text.slice(0, 24)),
  );
  if (cut === "" || quotes) return "The runtime rejected the request. Check its parameters.";
  return cut.slice(0, max_message_length);
}

const ours: ReadonlySet<string> = new Set(["model", "role", "type"]);

/** Every string in VALUE that a person or a model has written: keys, roles and types are ours. */
function* texts(value: unknown, key = ""): Generator<string> {
  if (typeof value === "string" && !ours.has(key)) yield value;
  else if (Array.isArray(value)) for (const item of value) yield* texts(item, key);
  else if (isObject(value)) for (const name of Object.keys(value)) yield* texts(value[name], name);
}
