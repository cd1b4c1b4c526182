/**
 * The create body of Hugging Face's Inference Endpoints as one of ours, so that programs which provision
 * there need only another address. The field names are those that `create_inference_endpoint` of
 * huggingface_hub sends (hf_api.py). Where it would run there (`provider`, `instanceType`, `accountId`)
 * says nothing here and is ignored. Pure.
 */
import { badRequest } from "../../../shared/failure.ts";
import { agreed, given } from "../../../shared/spelling.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Ours says `model: "org/repo"`. */
export const isHfBody = (body: unknown): body is Fields =>
  isFields(body) && isFields(body["model"]);

/** In our fields, still to be checked as any other body. Throws a 400 for what cannot be meant here. */
export function fromHfBody(body: Fields): Record<string, unknown> {
  const model = within(body, "model");
  const { revision, task, env, args } = model;
  const name = body["name"];
  return known({
    name,
    revision,
    task,
    env,
    args,
    model: modelOf(model),
    runtime: runtimeOf(model),
    visibility: visibilityOf(body["type"]),
    hf_token: tokenOf(within(model, "secrets", "model.")),
    ...computeOf(within(body, "compute")),
    ...loadOf(body, llamaImage(model)),
  });
}

function modelOf(model: Fields): unknown {
  if (model["command"] !== undefined && model["command"] !== null) {
    throw badRequest(
      "`model.command` cannot be replaced here: the runtime's own is used. Leave it out, and pass `model.args`.",
      "model.command",
    );
  }
  const { modelPath } = llamaImage(model);
  const { repository } = model;
  return typeof modelPath === "string" ? `${String(repository)}:${modelPath}` : repository;
}

function runtimeOf(model: Fields): string {
  const image = within(model, "image", "model.");
  if (isFields(image["vLLM"])) return "vllm";
  if (isFields(image["sGLang"])) return "sglang";
  if (isFields(image["llamacpp"]) || model["framework"] === "llamacpp") return "llama-server";
  return "auto";
}

const llamaImage = (model: Fields): Fields =>
  within(within(model, "image", "model."), "llamacpp", "model.image.");

/**
 * Our own two fields beside theirs, and llama.cpp's: it divides `ctxSize` among `nParallel` requests, while ours is
 * said for one request. Throws a 400 when they contradict each other.
 */
function loadOf(body: Fields, { ctxSize, nParallel }: Fields): Fields {
  const parallel = typeof nParallel === "number" && nParallel >= 1 ? nParallel : undefined;
  const concurrency = given(body, "concurrency");
  if (parallel !== undefined) concurrency.push(["model.image.llamacpp.nParallel", parallel]);
  const at_once = agreed(concurrency);
  const context = given(body, "context");
  if (typeof ctxSize === "number") {
    const each = Math.floor(ctxSize / (typeof at_once === "number" ? at_once : 1));
    context.push(["model.image.llamacpp.ctxSize", each]);
  }
  return { ...named(concurrency, "concurrency"), ...named(context, "context") };
}

/** By the name that was sent, so that an error can say it; OURS for what only llama.cpp's field says. */
function named(said: [name: string, value: unknown][], ours: string): Fields {
  const [first] = said;
  if (!first) return {};
  return { [first[0].includes(".") ? ours : first[0]]: agreed(said) };
}

/** `authenticated`, once `protected`: whoever has a token of the organisation. */
function visibilityOf(type: unknown): string | undefined {
  if (type === undefined || type === null) return undefined;
  const visibilities = new Map<unknown, string>([
    ["public", "public"],
    ["authenticated", "team"],
    ["protected", "team"],
    ["private", "private"],
  ]);
  const visibility = visibilities.get(type);
  if (visibility !== undefined) return visibility;
  throw badRequest("`type` is public, authenticated or private.", "type");
}

/** Kept sealed, unlike variables. Another secret would lie in the open among `env`. */
function tokenOf(secrets: Fields): unknown {
  const { HF_TOKEN, HUGGING_FACE_HUB_TOKEN, ...others } = secrets;
  const [other] = Object.keys(others);
  if (other === undefined) return HF_TOKEN ?? HUGGING_FACE_HUB_TOKEN;
  throw badRequest(
    `\`model.secrets\` takes HF_TOKEN only, not ${JSON.stringify(other.slice(0, 64))}. Leave it out.`,
    "model.secrets",
  );
}

function computeOf(compute: Fields): Fields {
  const { accelerator, instanceSize } = compute;
  const scaling = within(compute, "scaling", "compute.");
  const { minReplica, maxReplica, scaleToZeroTimeout: minutes } = scaling;
  return known({
    gpu: gpuOf(accelerator, instanceSize),
    min_replicas: minReplica,
    max_replicas: maxReplica,
    idle_timeout_s: typeof minutes === "number" ? minutes * 60 : (minutes ?? undefined),
  });
}

/** `x4` is four GPUs; with `cpu` it is a size of machine, which the fleet decides. */
function gpuOf(accelerator: unknown, size: unknown): Fields | undefined {
  if (accelerator === "cpu") return { type: "cpu" };
  if (accelerator === undefined || accelerator === null) return undefined;
  if (accelerator !== "gpu") {
    throw badRequest("`compute.accelerator` is cpu or gpu here.", "compute.accelerator");
  }
  if (size === undefined || size === null) return { count: 1 };
  const [, count] = /^x(\d{1,2})$/.exec(String(size)) ?? [];
  if (count !== undefined) return { count: Number(count) };
  throw badRequest("`compute.instanceSize` is x1, x2, x4 ...", "compute.instanceSize");
}

/** The object at FIELD; empty where there is none. */
function within(fields: Fields, field: string, path = ""): Fields {
  const value = fields[field] ?? {};
  if (isFields(value)) return value;
  throw badRequest(`\`${path}${field}\` must be an object.`, `${path}${field}`);
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Without what was not said, which is null as often as it is absent. */
const known = (fields: Fields): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
