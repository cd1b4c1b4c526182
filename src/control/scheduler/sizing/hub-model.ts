/** Finds what is meant in a repository of a hub or in a folder of S3, and reads what sizing needs of it. */
import { chooseGguf } from "../../../../agent/contract/gguf/gguf-choice.ts";
import { NotKnown } from "../../../../agent/contract/gguf/header.ts";
import type { HubSource } from "../../../../agent/contract/gguf/hub-source.ts";
import { chooseSnapshot } from "../../../../agent/contract/gguf/snapshot-choice.ts";
import { badRequest, Failure } from "../../../shared/failure.ts";
import { type HubModel, openHubModel } from "./hub-files.ts";
import { type Hub, HubError } from "./hub-request.ts";
import type { ReadWeights } from "./model.ts";
import { type FileFacts, readConfig, readGgufModel, readWeights } from "./model-files.ts";

export interface HubReading {
  format: "gguf" | "safetensors";
  /** The GGUF file, of a split one the first; null for safetensors. */
  file: string | null;
  /** Null when the hub does not say. */
  commit: string | null;
  facts: FileFacts;
  /** What could not be read, as sentences. */
  warnings: readonly string[];
}

export interface HubWants {
  /** Null: what fits the files. */
  runtime: string | null;
  /** Empty for none. */
  token: string;
  signal: AbortSignal;
}

/** Throws a HubError, or a 400 when the repository has not what is wanted or a file of it is broken. */
export async function readHubModel(
  hub: Hub,
  source: HubSource,
  { runtime, token, signal }: HubWants,
): Promise<HubReading> {
  const { repository, revision } = source;
  const model = await openHubModel(hub, { repository, revision, token, signal });
  return readModel(model, source, runtime);
}

/** Of a repository wherever it lies. Throws what `readHubModel` throws. */
export async function readModel(
  model: HubModel,
  source: HubSource,
  runtime: string | null,
): Promise<HubReading> {
  const { repository, word } = source;
  const names = [...model.sizes.keys()];
  const format = formatOf(source, names, runtime);
  const files = format === "gguf" ? ggufIn(repository, names, word) : [];
  const read =
    format === "gguf" ? await readGgufFacts(model, files) : await readSafetensorsFacts(model);
  const commit = model.commitOf(format === "gguf" ? files : (chooseSnapshot(names) ?? []));
  return { format, file: files[0] ?? null, commit, ...read };
}

function formatOf(
  { repository, word }: HubSource,
  names: readonly string[],
  runtime: string | null,
): HubReading["format"] {
  const gguf = names.some((name) => /\.gguf$/i.test(name));
  const safetensors = names.some(isSafetensors);
  if (!gguf && !safetensors) {
    throw badRequest(
      `${repository} has neither safetensors nor a GGUF file, so nothing here can run it. Choose another repository.`,
      "model",
      "unsupported_format",
    );
  }
  const wanted =
    runtime === null ? (word !== null || !safetensors ? "llama-server" : "vllm") : runtime;
  if (wanted === "llama-server") {
    if (gguf) return "gguf";
    throw wrongRuntime(
      `llama-server needs a GGUF file; ${repository} has only safetensors. Use runtime vllm, or a GGUF repository.`,
    );
  }
  if (!safetensors) {
    throw wrongRuntime(
      `${wanted} needs safetensors; ${repository} has only GGUF files. Use runtime llama-server, or a repository with safetensors.`,
    );
  }
  if (word === null) return "safetensors";
  throw wrongRuntime(
    `${wanted} takes a whole repository, not ${JSON.stringify(word)} of it. Use runtime llama-server, or name the repository alone.`,
  );
}

const wrongRuntime = (message: string): Failure =>
  badRequest(message, "runtime", "unsupported_format");

const isSafetensors = (name: string): boolean => /^[^/]+\.safetensors$/.test(name);

const most_listed = 24;

function ggufIn(
  repository: string,
  names: readonly string[],
  word: string | null,
): readonly string[] {
  const choice = chooseGguf(names, word);
  if ("files" in choice) return choice.files;
  const { choices } = choice;
  const more = choices.length > most_listed ? ` and ${choices.length - most_listed} more` : "";
  const list = choices.length > 0 ? choices.slice(0, most_listed).join(", ") + more : "none whole";
  throw badRequest(
    word === null
      ? `${repository} has several GGUF files. Name one after a colon, as in ${repository}:${choices[0]}. Available: ${list}.`
      : `${JSON.stringify(word)} names no single GGUF file of ${repository}. Available: ${list}.`,
    "model",
    "model_not_found",
  );
}

type Read = Pick<HubReading, "facts" | "warnings">;

async function readGgufFacts(model: HubModel, files: readonly string[]): Promise<Read> {
  const warnings: string[] = [];
  const facts = await attempt(model, () => readGgufModel(model.files, files[0] ?? ""), warnings);
  return { facts: facts ?? listed(model, files), warnings };
}

async function readSafetensorsFacts(model: HubModel): Promise<Read> {
  const warnings: string[] = [];
  const config = await attempt(model, () => readConfig(model.files), warnings);
  const weights = await attempt(model, () => readWeights(model.files), warnings);
  const all = [...model.sizes.keys()].filter(isSafetensors);
  const single = all.filter((name) => !name.startsWith("consolidated"));
  const { weights: sizes } = listed(model, single.length > 0 ? single : all);
  const known = weights ?? sizes;
  return { facts: { ...(config && { config }), ...(known && { weights: known }) }, warnings };
}

/** Files are a little longer than their tensors, by the header. */
function listed({ sizes }: HubModel, names: readonly string[]): { weights?: ReadWeights } {
  let bytes = 0;
  for (const name of names) {
    const size = sizes.get(name) ?? null;
    if (size === null) return {};
    bytes += size;
  }
  return { weights: { bytes, source: "index" } };
}

/**
 * A file that is broken ends it: no runtime can load it. One that is only beyond us, or that did not
 * come in time, does not: sizing is an estimate.
 */
async function attempt<T>(
  { from }: HubModel,
  read: () => Promise<T>,
  warnings: string[],
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { cause } = error;
    if (cause instanceof HubError) {
      if (cause.problem !== "unreachable" && cause.problem !== "too_long") throw cause;
      warnings.push(
        `A file could not be read from ${from}, ${cause.message}; this is sized without it.`,
      );
    } else if (error.code === "unreadable_file" && !(cause instanceof NotKnown)) {
      throw error;
    } else {
      warnings.push(`Sized without the part that could not be read: ${error.message}`);
    }
    return undefined;
  }
}
