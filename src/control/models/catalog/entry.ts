/** What a catalog entry may say. Pure. Every rule is a sentence for the person who broke it. */
import { parseHubSource } from "../../../../agent/contract/gguf/hub-source.ts";
import { parseS3Source } from "../../../../agent/contract/s3/source.ts";
import { badRequest, Failure } from "../../../shared/failure.ts";
import { whole } from "../../whole.ts";
import type { Artifact, Asked, Runtime } from "../resolution/artifact.ts";
import { checkRevision, gpuIn } from "../resolution/asked-field.ts";
import { type Named, namedModel } from "../resolution/resolve-model.ts";

/** What somebody asked for, as far as it may come to something more exact. */
export interface AskedModel {
  /** `org/repo[:file|quant]`, `file:///absolute/path` or `builtin:NAME`. */
  source: string;
  revision: string | null;
  runtime: "auto" | Runtime;
  /** Null: as fits. */
  context_tokens: number | null;
}

export interface Entry {
  name: string;
  asked: AskedModel;
  /** Null where the appliance may choose. */
  gpu: Asked["gpu"];
  slots: number;
  /** Null is one on every host that can run it. */
  replicas: number | null;
  enabled: boolean;
}

/** What is run for an entry, the same on every host. */
export interface Run {
  source: string;
  runtime: Runtime;
  context_tokens: number;
  /** What the weights are known to need; null when nothing says. */
  model_facts: Artifact["model"];
}

export interface Model extends Readonly<Entry>, Readonly<Run> {
  readonly id: string;
  readonly created_at: number;
  /** Replicas that failed before are started afresh. */
  readonly changed_at: number;
}

export const bounds = {
  context_tokens: [256, 1_048_576],
  slots: [1, 256],
  replicas: [0, 1000],
} as const;

/** The fields of a body. */
export interface ModelInput {
  name: string;
  source: string;
  revision?: string | null;
  runtime?: "auto" | Runtime;
  context_tokens?: number | null;
  slots?: number;
  gpu?: unknown;
  replicas?: number | null;
  enabled?: boolean;
}

export interface NewModel extends Omit<ModelInput, "name" | "source"> {
  name?: string;
  source?: string;
  /** The word for `source` in a provision body; either is good here. */
  model?: string;
}

/** Without a name the model is called like its file or repository. Throws a 400 when neither `source` nor `model` is there. */
export function namedInput({ name, source, model, ...rest }: NewModel): ModelInput {
  const from = source ?? model;
  if (from === undefined) throw badRequest("`source` is missing.", "source");
  return { ...rest, source: from, name: name ?? nameFor(from) };
}

function nameFor(source: string): string {
  const repository = /^(?:builtin|file):/i.test(source)
    ? undefined
    : (parseS3Source(source) ?? parseHubSource(source))?.repository;
  const path = repository ?? source;
  const file = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf(":")) + 1);
  return file.replace(/\.gguf$/, "");
}

/** Fills in the defaults. Throws a 400 that names the field. */
export function checkedEntry(input: ModelInput): Entry {
  const { name, source, revision = null, runtime = "auto", context_tokens = null } = input;
  const { slots = 4, gpu = null, replicas = null, enabled = true } = input;
  checkName(name);
  checkSource(source, revision);
  if (context_tokens !== null) whole("context_tokens", context_tokens, ...bounds.context_tokens);
  whole("slots", slots, ...bounds.slots);
  if (replicas !== null) whole("replicas", replicas, ...bounds.replicas);
  const asked = { source, revision, runtime, context_tokens };
  return { name, asked, gpu: gpuIn(gpu), slots, replicas, enabled };
}

/** MODEL's entry with what a change says. Another source does not keep the revision of the one before. */
export function changedEntry(
  { name, asked, ...model }: Model,
  changes: Partial<ModelInput>,
): Entry {
  const { gpu, slots, replicas, enabled } = model;
  const moved = changes.source !== undefined && changes.source !== asked.source;
  const before = { ...asked, name, gpu, slots, replicas, enabled };
  return checkedEntry({ ...before, ...(moved && { revision: null }), ...changes });
}

function checkName(name: string): void {
  if (/^[A-Za-z0-9._:/-]{1,96}$/.test(name)) return;
  throw badRequest(
    "A model's name has 1 to 96 letters, digits and the characters . _ : / - and no spaces.",
    "name",
  );
}

function checkSource(source: string, revision: string | null): void {
  checkRevision(revision);
  const { from } = named(source, revision);
  if (from === "hub" || revision === null) return;
  throw badRequest("Only models of the hub have a `revision`. Leave it out.", "revision");
}

function named(model: string, revision: string | null): Named {
  try {
    return namedModel({ model, revision });
  } catch (error) {
    if (!(error instanceof Failure) || error.param !== "model") throw error;
    throw badRequest(
      "Supported sources are ORG/REPO or ORG/REPO:FILE-or-QUANT of the hub, s3://BUCKET/FOLDER, builtin:hypervize-demo, and file:///absolute/path: a .gguf file or a folder of safetensors on every host that should run it.",
      "source",
    );
  }
}
