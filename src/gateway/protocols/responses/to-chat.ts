/** A Responses request as a chat request. */
import { badRequest } from "../../../shared/failure.ts";
import { isObject } from "../../request/json.ts";
import { chatMessages } from "./messages.ts";
import { chatTools } from "./tools.ts";

type Body = Readonly<Record<string, unknown>>;

/**
 * Fields that mean the same in both, and those that are no part of the protocol but that people who run
 * their own models send with it (`extra_body`). A list of what is allowed: others could change what our
 * translation relies on, such as `n`.
 */
const carried = [
  ...["temperature", "top_p", "user", "seed", "stop", "presence_penalty", "frequency_penalty"],
  ...["top_k", "min_p", "repetition_penalty", "repeat_penalty", "logit_bias"],
  ...["ignore_eos", "chat_template_kwargs"],
];

/** BODY has passed `check`. Throws 400 for what a chat cannot carry. */
export function toChat(body: Body): Record<string, unknown> {
  const reasoning = isObject(body["reasoning"]) ? body["reasoning"] : {};
  return given({
    model: body["model"],
    messages: chatMessages(body["instructions"], body["input"]),
    ...Object.fromEntries(carried.map((name) => [name, body[name]])),
    // The older name: every runtime knows it, and some that do not know the newer ignore that one.
    max_tokens: body["max_output_tokens"],
    reasoning_effort: reasoning["effort"],
    response_format: responseFormat(body["text"]),
    ...chatTools(body),
    ...(wantsLogprobs(body) ? { logprobs: true, top_logprobs: body["top_logprobs"] } : {}),
    ...(body["stream"] === true ? { stream: true, stream_options: { include_usage: true } } : {}),
  });
}

/** Without what is not there: several runtimes take `null` for a wrong value. */
function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
}

function wantsLogprobs({ top_logprobs, include }: Body): boolean {
  if (typeof top_logprobs === "number" && top_logprobs > 0) return true;
  return Array.isArray(include) && include.includes("message.output_text.logprobs");
}

function responseFormat(text: unknown): Record<string, unknown> | null {
  const format = isObject(text) ? text["format"] : null;
  if (format === undefined || format === null) return null;
  const type = isObject(format) ? format["type"] : null;
  if (type === "text") return null;
  if (type === "json_object") return { type };
  if (isObject(format) && type === "json_schema" && isObject(format["schema"])) {
    const { name, description, schema, strict } = format;
    return { type, json_schema: given({ name, description, schema, strict }) };
  }
  throw badRequest(
    "`text.format` must be of type text, json_object, or json_schema with a `schema`.",
    "text.format",
  );
}
