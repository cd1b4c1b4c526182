/** The body of `POST /api/provision`, in our own words, and the body of a PATCH. Pure. */
import { t } from "elysia";
import { badRequest } from "../../../shared/failure.ts";
import { type Respelled, respelled } from "../../../shared/spelling.ts";
import { checkRevision, gpuIn, whole } from "../resolution/asked-field.ts";
import { argumentsIn, labelsIn, variablesIn } from "./provision-field.ts";
import type { EndpointSpec } from "./spec.ts";

const orNull = <Schema extends Parameters<typeof t.Optional>[0]>(schema: Schema) =>
  t.Optional(t.Union([schema, t.Null()]));
const text = orNull(t.String());
const number = orNull(t.Number());

/** Fields with an inside are checked in `provision-field.ts`, whose sentences name what is inside. */
const settings = {
  name: t.Optional(t.String()),
  revision: text,
  task: text,
  runtime: t.Optional(
    t.Union([t.Literal("auto"), t.Literal("vllm"), t.Literal("sglang"), t.Literal("llama-server")]),
  ),
  gpu: t.Optional(t.Unknown()),
  context_tokens: number,
  context: number,
  concurrency: t.Optional(t.Number()),
  slots: t.Optional(t.Number()),
  n_slots: t.Optional(t.Number()),
  min_replicas: t.Optional(t.Number()),
  max_replicas: t.Optional(t.Number()),
  idle_timeout_s: number,
  l1_timeout_s: number,
  cold_start: t.Optional(t.Union([t.Literal("hold"), t.Literal("fail")])),
  labels: t.Optional(t.Unknown()),
  hf_token: text,
  env: t.Optional(t.Unknown()),
  args: t.Optional(t.Unknown()),
  visibility: t.Optional(t.Union([t.Literal("private"), t.Literal("team"), t.Literal("public")])),
};
const closed = { additionalProperties: false };

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
  const { context, concurrency, min_replicas, max_replicas, idle_timeout_s, l1_timeout_s } = spec;
  if (context !== null) whole("context", context, 256, 16_777_216);
  whole("concurrency", concurrency, 1, 1024);
  whole("min_replicas", min_replicas, 0, 100);
  whole("max_replicas", max_replicas, 1, 100);
  if (idle_timeout_s !== null) whole("idle_timeout_s", idle_timeout_s, 1, 2_592_000);
  if (l1_timeout_s !== null) whole("l1_timeout_s", l1_timeout_s, 0, 2_592_000);
  if (min_replicas > max_replicas) {
    throw badRequest(
      `\`min_replicas\` is ${min_replicas} and \`max_replicas\` is ${max_replicas}. Make it the same or less.`,
      "min_replicas",
    );
  }
}
