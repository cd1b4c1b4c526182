/** The body of `POST /api/provision`, in our own words, and the body of a PATCH. Pure. */
import { t } from "elysia";
import { badRequest } from "../../../shared/failure.ts";
import { type Respelled, respelled } from "../../../shared/spelling.ts";
import { closed, orNull, wholeNumber } from "../../route-schema.ts";
import { whole } from "../../whole.ts";
import { checkRevision, gpuIn } from "../resolution/asked-field.ts";
import { gpuSchema, runtimeSchema } from "../resolution/asked-schema.ts";
import {
  argumentsIn,
  labelsIn,
  most_arguments,
  most_variables,
  variablesIn,
} from "./provision-field.ts";
import type { EndpointSpec } from "./spec.ts";

const bounds = {
  context: [256, 16_777_216],
  concurrency: [1, 1024],
  min_replicas: [0, 100],
  max_replicas: [1, 100],
  idle_timeout_s: [1, 2_592_000],
  l1_timeout_s: [0, 2_592_000],
} as const;
const text = orNull(t.String());
const words = t.Record(t.String(), t.String());

/** What is inside a field beyond its form is checked in `provision-field.ts`. */
const settings = {
  name: t.Optional(t.String()),
  revision: text,
  task: text,
  runtime: t.Optional(runtimeSchema),
  gpu: gpuSchema,
  context_tokens: orNull(wholeNumber(bounds.context)),
  context: orNull(wholeNumber(bounds.context)),
  concurrency: t.Optional(wholeNumber(bounds.concurrency)),
  slots: t.Optional(wholeNumber(bounds.concurrency)),
  n_slots: t.Optional(wholeNumber(bounds.concurrency)),
  min_replicas: t.Optional(wholeNumber(bounds.min_replicas)),
  max_replicas: t.Optional(wholeNumber(bounds.max_replicas)),
  idle_timeout_s: orNull(wholeNumber(bounds.idle_timeout_s)),
  l1_timeout_s: orNull(wholeNumber(bounds.l1_timeout_s)),
  cold_start: t.Optional(t.Union([t.Literal("hold"), t.Literal("fail")])),
  labels: t.Optional(words),
  hf_token: text,
  env: t.Optional(t.Record(t.String(), t.String(), { maxProperties: most_variables })),
  args: t.Optional(t.Array(t.String(), { maxItems: most_arguments })),
  visibility: t.Optional(t.Union([t.Literal("private"), t.Literal("team"), t.Literal("public")])),
};

export const provisionBody = t.Object({ ...settings, model: t.String() }, closed);
export const changesBody = t.Object({ ...settings, model: t.Optional(t.String()) }, closed);

export type Provision = typeof provisionBody.static;
export type Changes = typeof changesBody.static;

/** Where nothing is said. */
const defaults: Omit<EndpointSpec, "model" | "idle_timeout_s"> = {
  revision: null,
  task: null,
  runtime: "auto",
  gpu: { type: null, count: null },
  context: null,
  concurrency: 4,
  min_replicas: 0,
  max_replicas: 1,
  l1_timeout_s: 0,
  cold_start: "hold",
  labels: {},
  env: {},
  args: [],
  visibility: "private",
};

/** Throws a 400 that names the field. IDLE_TIMEOUT_S: the appliance's own default. */
export function specOf(body: Provision, idle_timeout_s: number): EndpointSpec {
  return merged({ ...defaults, model: body.model, idle_timeout_s }, body);
}

/** SPEC with what BODY says; a field that it leaves out stays. Throws a 400 that names the field. */
export function merged(spec: EndpointSpec, body: Changes): EndpointSpec {
  const one: Respelled<Changes> = respelled(body);
  const { name: _name, hf_token: _token, gpu, labels, env, args, ...plain } = one;
  const said = Object.fromEntries(
    Object.entries(plain).filter(([, value]) => value !== undefined),
  ) as Partial<EndpointSpec>;
  const after: EndpointSpec = {
    ...spec,
    ...said,
    ...(gpu !== undefined && { gpu: gpuIn(gpu) }),
    ...(labels !== undefined && { labels: labelsIn(labels) }),
    ...(env !== undefined && { env: variablesIn(env) }),
    ...(args !== undefined && { args: argumentsIn(args) }),
  };
  checkWords(after);
  checkNumbers(after);
  return after;
}

function checkWords({ model, revision, task }: EndpointSpec): void {
  if (model === "" || model.length > 4096) {
    throw badRequest("`model` has 1 to 4096 characters, such as org/model.", "model");
  }
  checkRevision(revision);
  if (task !== null && !/^[A-Za-z0-9_-]{1,64}$/.test(task)) {
    throw badRequest("`task` is one word, such as text-generation.", "task");
  }
}

function checkNumbers(spec: EndpointSpec): void {
  for (const [field, [least, most]] of Object.entries(bounds)) {
    const value = spec[field as keyof typeof bounds];
    if (value !== null) whole(field, value, least, most);
  }
  const { min_replicas, max_replicas } = spec;
  if (min_replicas > max_replicas) {
    throw badRequest(
      `\`min_replicas\` is ${min_replicas} and \`max_replicas\` is ${max_replicas}. Make it the same or less.`,
      "min_replicas",
    );
  }
}
