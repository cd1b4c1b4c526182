import { badRequest } from "../../shared/failure.ts";
import { leftOut, refuseFields } from "../fields.ts";
import { checkMedia } from "../media.ts";
import { piecesOf } from "../pieces/pieces.ts";
import type { Kind } from "./allow-list.ts";
import { checkBody } from "./body-checks.ts";
import type { Form } from "./form.ts";
import { isObject } from "./json.ts";

/** What a client asks for: the few fields that the gateway acts on, and the body as it was sent. */
export interface ParsedRequest {
  kind: Kind;
  /** What the body names; empty where the path decides and the body names nothing. */
  model: string;
  /** The Dedicated endpoint whose path it came by. */
  endpoint: string | null;
  stream: boolean;
  /** How many pieces of work it is, see `piecesOf`. */
  pieces: number;
  /** The client wants the usage chunk at the end of its stream. */
  includeUsage: boolean;
  text: string;
  body: Readonly<Record<string, unknown>>;
  /** Fields of the body that a runtime of ours does not get; a provider does. */
  leftOut: readonly string[];
  /** Set for uploads, which are no JSON. */
  form: Form | null;
}

const max_model_length = 256;

/** Parses and checks TEXT. Throws 400 with the field in `param`; no message repeats what was sent. */
export function parseRequest(
  text: string,
  kind: Kind,
  endpoint: string | null = null,
): ParsedRequest {
  const body = parseObject(text);
  const model = endpoint === null ? namedModel(body["model"]) : textOf(body["model"]);
  checkBody(kind, body);
  checkMedia(body["messages"], "messages");
  checkMedia(body["input"], "input");
  const stream = optionalBoolean(body["stream"], "stream");
  const usage = includeUsage(body["stream_options"]);
  const asked = { kind, model, endpoint, stream, includeUsage: usage, text, body, form: null };
  return { ...asked, pieces: piecesOf(kind, body), leftOut: leftOut(kind, body) };
}

/** The same for an upload. */
export function requestOfForm(
  form: Form,
  kind: Kind,
  endpoint: string | null = null,
): ParsedRequest {
  const model = endpoint === null ? namedModel(form.field("model")) : textOf(form.field("model"));
  refuseFields(form.names);
  if (!form.hasFile("file")) throw badRequest("`file` must be an uploaded file.", "file");
  const stream = form.field("stream") === "true";
  const asked = { kind, model, endpoint, stream, includeUsage: true, text: "", body: {}, form };
  return { ...asked, pieces: 1, leftOut: [] };
}

function namedModel(model: unknown): string {
  if (typeof model !== "string" || model === "") {
    throw badRequest("Say which model to use: `model` must be a non-empty string.", "model");
  }
  if (model.length > max_model_length)
    throw badRequest("The name in `model` is too long.", "model");
  return model;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

function parseObject(text: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The engine's own message quotes the body, so it is not passed on.
    throw badRequest(text.trim() === "" ? "The body is empty." : "The body is not valid JSON.");
  }
  if (!isObject(parsed)) throw badRequest("The body must be a JSON object.");
  return parsed;
}

function includeUsage(options: unknown): boolean {
  if (options === undefined || options === null) return false;
  if (!isObject(options)) throw badRequest("`stream_options` must be an object.", "stream_options");
  return optionalBoolean(options["include_usage"], "stream_options.include_usage");
}

function optionalBoolean(value: unknown, param: string): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value !== "boolean") throw badRequest(`\`${param}\` must be true or false.`, param);
  return value;
}
