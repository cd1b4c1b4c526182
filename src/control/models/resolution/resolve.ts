/** From what was asked for to what is run: source, runtime, context and size, before anything starts. */
import { basename } from "node:path";
import { type HubSource, hubSource } from "../../../../agent/contract/gguf/hub-source.ts";
import {
  refusedArgument,
  refusedVariable,
} from "../../../../agent/contract/protocol/runtime-settings.ts";
import { no_s3 } from "../../../../agent/contract/s3/refusal.ts";
import { badRequest, Failure } from "../../../shared/failure.ts";
import { type HubReading, readHubModel } from "../../scheduler/sizing/hub-model.ts";
import { type Hub, HubError } from "../../scheduler/sizing/hub-request.ts";
import { type Model, modelFrom } from "../../scheduler/sizing/model.ts";
import type { FileFacts } from "../../scheduler/sizing/model-files.ts";
import type { Sizing } from "../../scheduler/sizing/plan.ts";
import { readS3Model } from "../../scheduler/sizing/s3-model.ts";
import type { S3Store } from "../../scheduler/sizing/s3-request.ts";
import type { Artifact, Asked, Runtime } from "./artifact.ts";
import { builtinFacts } from "./resolve-builtin.ts";
import { hubRefusal, hubSilence } from "./resolve-hub.ts";
import { decideContext, type Kind } from "./resolve-kinds.ts";
import { namedModel, runtimeByName, runtimeFor } from "./resolve-model.ts";

export interface ResolverParts {
  hub: Hub;
  /** For models of `s3://`. */
  store?: S3Store;
  /** What came in a bundle, which needs no hub and no store; undefined for all else. */
  imported?(source: HubSource, runtime: string | null): HubReading | undefined;
  /** Facts of a .gguf file or a folder on the appliance itself; `readLocalModel`. */
  readLocal(path: string): Promise<FileFacts | undefined>;
}

export interface Resolved {
  artifact: Artifact;
  /** Null when the model's size is unknown, or the fleet has nothing to size it on. */
  sizing: Sizing | null;
  /** What could not be known now, as sentences. */
  warnings: readonly string[];
}

/** HF_TOKEN: empty for none. FLEET: see `kindsIn`. Throws a 400 for what can be known to fail. */
export type Resolve = (spec: Asked, hf_token: string, fleet: readonly Kind[]) => Promise<Resolved>;

interface Found {
  source: string;
  runtime: Runtime;
  /** What people call it; its type of quantisation is read from it. */
  name: string;
  facts: FileFacts;
  warnings: readonly string[];
}

/** All requests to the hub together: somebody waits for the answer. */
const patience_ms = 20_000;

export function createResolver(parts: ResolverParts): Resolve {
  return async (spec, hf_token, fleet) => {
    checkSettings(spec);
    const { source, runtime, name, facts, warnings } = await find(parts, spec, hf_token);
    const argument = refusedArgument(spec.args, runtime);
    if (argument !== undefined) throw badRequest(argument, "args");
    const model = knownModel(name, facts);
    const { context_tokens, sizing } = decideContext(spec, runtime, model, fleet);
    const unknown = "The size of this model is unknown, so the memory reserved for it is a guess.";
    return {
      artifact: { runtime, source, context_tokens, model },
      sizing,
      warnings: model ? warnings : [...warnings, unknown],
    };
  };
}

function checkSettings({ env }: Asked): void {
  const variable = refusedVariable(env);
  if (variable !== undefined) throw badRequest(variable, "env");
}

async function find(parts: ResolverParts, spec: Asked, hf_token: string): Promise<Found> {
  const named = namedModel(spec);
  switch (named.from) {
    case "builtin":
      return findBuiltin(named.name, spec);
    case "file":
      return findLocal(parts, named.path, spec);
    case "hub":
      return foundImported(parts, named.hub, spec) ?? findOnHub(parts, named.hub, spec, hf_token);
    case "s3":
      return foundImported(parts, named.place, spec) ?? findInStore(parts, named.place, spec);
  }
}

/** What came in a bundle, before anybody is asked. */
function foundImported(
  { imported }: ResolverParts,
  named: HubSource,
  spec: Asked,
): Found | undefined {
  const known = imported?.(named, runtimeIn(spec));
  return known && foundIn(known, named, spec);
}

async function findBuiltin(name: string, spec: Asked): Promise<Found> {
  const facts = builtinFacts(name);
  const runtime = runtimeFor(`${name}.gguf`, spec.runtime);
  return { source: `builtin:${name}`, runtime, name, facts, warnings: [] };
}

async function findLocal({ readLocal }: ResolverParts, path: string, spec: Asked): Promise<Found> {
  const runtime = runtimeFor(path, spec.runtime);
  const place = { source: `file://${path}`, runtime, name: basename(path) };
  // One answer to all that can be wrong: which files the appliance has is nobody's business.
  const facts = await readLocal(path).catch(() => undefined);
  if (facts) return { ...place, facts, warnings: [] };
  const warning = `${path} cannot be read here; the hosts will look for it themselves. It is sized by its name.`;
  return { ...place, facts: {}, warnings: [warning] };
}

async function findOnHub(
  { hub }: ResolverParts,
  named: HubSource,
  spec: Asked,
  token: string,
): Promise<Found> {
  const wants = { ...wantsOf(spec), token };
  try {
    return foundIn(await readHubModel(hub, named, wants), named, spec);
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    if (error.problem !== "unreachable") throw hubRefusal(hub, named, token, error);
    return foundByName(named, spec, hubSilence(hub.endpoint, named, error));
  }
}

async function findInStore(
  { store }: ResolverParts,
  named: HubSource,
  spec: Asked,
): Promise<Found> {
  if (store === undefined) throw badRequest(no_s3, "model", "s3_config");
  try {
    return foundIn(await readS3Model(store, named, wantsOf(spec)), named, spec);
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    return foundByName(named, spec, hubSilence(store.access()?.endpoint ?? "S3", named, error));
  }
}

/** Null for what fits. */
const runtimeIn = ({ runtime }: Asked): Runtime | null => (runtime === "auto" ? null : runtime);

const wantsOf = (spec: Asked) => ({
  signal: AbortSignal.timeout(patience_ms),
  runtime: runtimeIn(spec),
});

function foundIn(
  { commit, file, format, facts, warnings }: HubReading,
  { repository, revision }: HubSource,
  spec: Asked,
): Found {
  const runtime =
    spec.runtime === "auto" ? (format === "gguf" ? "llama-server" : "vllm") : spec.runtime;
  return {
    source: hubSource({ repository, revision: commit ?? revision, word: file }),
    name: file === null ? repository : `${repository}:${file}`,
    runtime,
    facts,
    warnings,
  };
}

function foundByName(named: HubSource, spec: Asked, warning: string): Found {
  const { repository, word } = named;
  return {
    source: hubSource(named),
    runtime: runtimeByName(named, spec.runtime),
    name: word === null ? repository : `${repository}:${word}`,
    facts: {},
    warnings: [warning],
  };
}

function knownModel(name: string, facts: FileFacts): Model | null {
  try {
    return modelFrom({ name, ...facts });
  } catch (error) {
    if (error instanceof Failure && error.code === "model_size_unknown") return null;
    throw error;
  }
}
