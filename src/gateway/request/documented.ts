/**
 * The inference paths for `/api/openapi.json`: what the allow-list beside this file lets in, written by hand, since
 * these protocols are other people's and only their outline is ours to promise.
 */
import { fieldsOf } from "../fields.ts";
import { documentedPaths, type Kind } from "./allow-list.ts";

export type Schema = Readonly<Record<string, unknown>>;

interface Words {
  summary: string;
  /** Fields of the body that must be there. */
  needed: Readonly<Record<string, Schema>>;
  /** Others that are worth naming. */
  more?: Readonly<Record<string, Schema>>;
  /** Absent: JSON, and with `stream` server-sent events. */
  answers?: readonly string[];
  form?: true;
}

const text: Schema = { type: "string" };
const number: Schema = { type: "number" };
const whole: Schema = { type: "integer", minimum: 1 };
const flag: Schema = { type: "boolean" };
const list = (items: Schema): Schema => ({ type: "array", items, minItems: 1 });
const anything: Schema = { type: "object" };
const json = "application/json";
const events = "text/event-stream";

const model: Schema = {
  type: "string",
  description:
    "A model, an alias or an endpoint's id. On an endpoint's own path it may be left out.",
};
const stream: Schema = { type: "boolean", description: "Answer with server-sent events." };
const sampling = { stream, max_tokens: whole, temperature: number, top_p: number, seed: number };
const texts: Schema = { anyOf: [text, list(text), list({ type: "integer" })] };

const words: Readonly<Record<Kind, Words>> = {
  "chat/completions": {
    summary: "Answer a chat, as OpenAI's Chat Completions do.",
    needed: { messages: list(anything) },
    more: {
      ...sampling,
      tools: list(anything),
      response_format: anything,
      stream_options: anything,
    },
  },
  completions: {
    summary: "Continue a text, as OpenAI's Completions do.",
    needed: { prompt: texts },
    more: sampling,
  },
  embeddings: {
    summary: "Turn texts into vectors.",
    needed: { input: texts },
    more: { encoding_format: { type: "string", enum: ["float", "base64"] }, dimensions: whole },
    answers: [json],
  },
  rerank: {
    summary: "Order documents by how well they answer a query.",
    needed: { query: text, documents: { type: "array", minItems: 1, items: {} } },
    more: { top_n: whole, return_documents: flag },
    answers: [json],
  },
  responses: {
    summary: "Answer as OpenAI's Responses do.",
    needed: { input: { anyOf: [text, list(anything)] } },
    more: { stream, instructions: text, max_output_tokens: whole, tools: list(anything) },
  },
  messages: {
    summary: "Answer as Anthropic's Messages do.",
    needed: { messages: list(anything), max_tokens: whole },
    more: { stream, system: { anyOf: [text, list(anything)] }, tools: list(anything) },
  },
  "audio/transcriptions": {
    summary: "Write down what is said in a recording.",
    needed: { file: { type: "string", contentMediaType: "application/octet-stream" } },
    more: { language: text, prompt: text, response_format: text, temperature: number },
    answers: [json, "text/plain", events],
    form: true,
  },
  "audio/speech": {
    summary: "Speak a text.",
    needed: { input: text },
    more: { voice: text, response_format: text, speed: number },
    answers: ["audio/*", events],
  },
  "images/generations": {
    summary: "Draw a picture.",
    needed: { prompt: text },
    more: { n: whole, size: text, response_format: text },
  },
};

const error = { $ref: "#/components/responses/Error" };
const path_words: Readonly<Record<string, string>> = {
  endpoint: "The id of a Dedicated endpoint, endpt-...",
  model: "The name of a model; slashes in it may be written as they are.",
};

/** The paths of the allow-list, as OpenAPI has them. */
export function inferencePaths(): Record<string, Record<string, Schema>> {
  return Object.fromEntries(
    documentedPaths.map(({ path, what }) => [
      path,
      what === "models" || what === "models/{model}"
        ? { get: operation(path, listing(what)) }
        : { post: operation(path, generation(what, path.includes("{endpoint}"))) },
    ]),
  );
}

function operation(path: string, about: { responses: Schema } & Schema): Schema {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  return {
    tags: ["Inference"],
    "x-role": "inference",
    operationId: path.replace(/[^A-Za-z0-9]+(.)?/g, (_, next: string = "") => next.toUpperCase()),
    ...about,
    parameters: [
      ...names.map((name) => ({
        name,
        in: "path",
        required: true,
        schema: text,
        description: path_words[name],
      })),
      ...((about["parameters"] as Schema[] | undefined) ?? []),
    ],
    responses: { ...about.responses, 401: error, 403: error, 404: error, default: error },
  };
}

function listing(what: "models" | "models/{model}") {
  const isOne = what !== "models";
  return {
    summary: isOne ? "Show a model." : "List the models that you may use.",
    responses: {
      200: {
        description: isOne ? "The model, as OpenAI has it." : "The models, as OpenAI lists them.",
        content: { [json]: { schema: anything } },
      },
    },
  };
}

function generation(kind: Kind, isEndpoint: boolean) {
  const { summary, needed, more, answers = [json, events], form } = words[kind];
  const fields = fieldsOf(kind);
  const body = {
    type: "object",
    required: [...(isEndpoint ? [] : ["model"]), ...Object.keys(needed)],
    properties: { model, ...needed, ...more },
    ...(fields && {
      description: `Fields that reach a runtime: ${fields.join(", ")}. Others are left out; those that could harm a host are refused.`,
    }),
  };
  return {
    summary,
    parameters: headers,
    requestBody: {
      required: true,
      content: { [form ? "multipart/form-data" : json]: { schema: body } },
    },
    responses: {
      200: {
        description: "The answer; as events it ends with `[DONE]` where the protocol has that.",
        content: Object.fromEntries(answers.map((type) => [type, {}])),
      },
      400: error,
      413: error,
      415: error,
      429: {
        ...refusal("A limit is reached: see `retry-after` and `x-ratelimit-*`."),
        headers: { "retry-after": { schema: { type: "integer" }, description: "Seconds." } },
      },
      503: {
        ...refusal("Nothing is ready: the model wakes up or starts. See `retry-after`."),
        headers: { "retry-after": { schema: { type: "integer" }, description: "Seconds." } },
      },
    },
  };
}

const refusal = (description: string) => ({
  description,
  content: { [json]: { schema: { $ref: "#/components/schemas/Error" } } },
});

const headers: readonly Schema[] = [
  {
    name: "x-scale-up-timeout",
    in: "header",
    required: false,
    schema: { type: "integer", minimum: 0 },
    description: "Seconds to wait for a model that sleeps; 0 fails at once.",
  },
  {
    name: "x-session-id",
    in: "header",
    required: false,
    schema: text,
    description: "Requests with the same one go to the same replica, whose cache knows them.",
  },
];
