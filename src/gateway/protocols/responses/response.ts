/** The Response object, which is in a whole answer and in the first and last events of a stream. */
import type { Failure } from "../../../shared/failure.ts";
import { newId } from "../../../shared/identifier.ts";
import { isObject } from "../../request/json.ts";
import type { Item, ItemStatus } from "./items.ts";

type Body = Readonly<Record<string, unknown>>;

/** What stays the same from the first event to the last. */
export interface Head {
  id: string;
  /** Seconds since the epoch, as everywhere in the protocol. */
  created_at: number;
  model: unknown;
}

/** FIRST is a chat answer or the first chunk of one, {} when there is none; NOW in milliseconds. */
export function headOf(first: Body, body: Body, now: number): Head {
  const { created, model } = first;
  return {
    id: newId("resp"),
    created_at: typeof created === "number" ? created : seconds(now),
    model: typeof model === "string" ? model : body["model"],
  };
}

export const seconds = (ms: number): number => Math.floor(ms / 1_000);

/** How far it has come. */
export interface Progress {
  status: ItemStatus | "failed";
  output: readonly Item[];
  usage?: Item | null;
  /** Seconds since the epoch. */
  completed_at?: number;
  incomplete_details?: { reason: string } | null;
  error?: ResponseError;
}

interface ResponseError {
  code: string;
  message: string;
}

/** The protocol's own words, as far as they are ours too; every other is `server_error` in a Response. */
const codes: ReadonlySet<string> = new Set(["server_error", "rate_limit_exceeded"]);

export const responseError = ({ code, message }: Failure): ResponseError => ({
  code: code !== null && codes.has(code) ? code : "server_error",
  message,
});

/** How a chat's `finish_reason` ends a Response. */
export function endingOf(reason: unknown): Pick<Progress, "incomplete_details"> & {
  status: "completed" | "incomplete";
} {
  if (reason === "length") {
    return { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
  }
  if (reason === "content_filter") {
    return { status: "incomplete", incomplete_details: { reason } };
  }
  return { status: "completed" };
}

/**
 * What the answer says again of the request, with the protocol's default where the request says nothing:
 * Open Responses requires numbers here, and clients made from its schema fail on null.
 */
const echoed: Body = {
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  parallel_tool_calls: true,
  presence_penalty: 0,
  frequency_penalty: 0,
  prompt_cache_key: null,
  safety_identifier: null,
  temperature: 1,
  tool_choice: "auto",
  top_logprobs: 0,
  top_p: 1,
  user: null,
  metadata: {},
};

/** Every field that the OpenAI or the Open Responses schema requires. */
export function responseObject(body: Body, head: Head, progress: Progress): Item {
  const echo = Object.entries(echoed).map(([name, value]) => [name, body[name] ?? value]);
  return {
    id: head.id,
    object: "response",
    created_at: head.created_at,
    status: progress.status,
    background: false,
    completed_at: progress.completed_at ?? null,
    error: progress.error ?? null,
    incomplete_details: progress.incomplete_details ?? null,
    model: head.model,
    output: progress.output,
    previous_response_id: null,
    reasoning: { effort: null, summary: null, ...objectOf(body["reasoning"]) },
    service_tier: "default",
    store: false,
    text: { ...objectOf(body["text"]), format: formatOf(body["text"]) },
    tools: toolsOf(body["tools"]),
    truncation: "disabled",
    usage: progress.usage ?? null,
    ...Object.fromEntries(echo),
  };
}

const objectOf = (value: unknown): Body => (isObject(value) ? value : {});

const formatOf = (text: unknown): unknown => objectOf(text)["format"] ?? { type: "text" };

function toolsOf(tools: unknown): Item[] {
  if (!Array.isArray(tools)) return [];
  const required = { description: null, parameters: null, strict: null };
  return tools.filter(isObject).map((tool) => ({ ...required, ...tool }));
}
