/** What a person or a program may ask, checked: the same for the command line and `POST /api/size`. */
import { badRequest } from "../../../shared/failure.ts";
import { whole } from "../../whole.ts";
import { factsOfConfig } from "./config.ts";
import { gpuNamed } from "./gpus.ts";
import type { FindMeasured } from "./measured.ts";
import { modelFrom } from "./model.ts";
import type { FileFacts } from "./model-files.ts";
import type { Sizing } from "./plan.ts";
import { size } from "./size.ts";

export interface Question {
  /** A hub name or a path; absent: the config alone. */
  model?: string;
  /** A model's config.json. */
  config?: unknown;
  gpu?: string;
  gpus?: number;
  context?: number;
  concurrency?: number;
  utilization?: number;
  dtype?: string;
}

export const bounds = {
  gpus: [1, 64],
  context: [1, 16_777_216],
  concurrency: [1, 65_536],
} as const;

export const default_gpu = "H100-80";
/** vLLM's, in the versions that the measurements are of. */
export const default_utilization = 0.9;

/** What is known beside the question. */
export interface Known {
  /** Read from the model's own files. */
  files?: FileFacts;
  /** As replicas of it are started from; without it nothing measured is looked for. */
  source?: string;
  measured?: FindMeasured;
}

/** Throws a 400 that names the field, a 422 when the model's size is unknown. */
export function answer(question: Question, known: Known = {}): Sizing {
  const { model, config, gpu, gpus, context, concurrency = 1, dtype } = question;
  const { utilization = default_utilization } = question;
  if (model === undefined && config === undefined) {
    throw badRequest("Send `model`, a name, or `config`, the model's config.json.", "model");
  }
  if (model !== undefined && (model === "" || model.length > 4096)) {
    throw badRequest("`model` is a name of 1 to 4096 characters.", "model");
  }
  if (gpus !== undefined) whole("gpus", gpus, ...bounds.gpus);
  if (context !== undefined) whole("context", context, ...bounds.context);
  whole("concurrency", concurrency, ...bounds.concurrency);
  if (!(utilization > 0 && utilization <= 1)) {
    throw badRequest("`utilization` is more than 0 and at most 1, such as 0.9.", "utilization");
  }
  const card = gpuNamed(gpu ?? default_gpu);
  return size(
    modelFrom({
      ...known.files,
      name: model ?? "This model",
      ...(config !== undefined && { config: factsOfConfig(config) }),
      ...(dtype !== undefined && { dtype }),
    }),
    {
      gpu: card,
      concurrency,
      utilization,
      ...(gpus !== undefined && { gpus }),
      ...(context !== undefined && { context }),
    },
    lookup(question, card.name, known),
  );
}

/** Of other weights than its own, nothing was measured. */
function lookup({ config, dtype, concurrency = 1 }: Question, gpu: string, known: Known) {
  const { source, measured } = known;
  if (!source || !measured || config !== undefined || dtype !== undefined) return undefined;
  return (context: number, gpus: number | null) =>
    measured({ source, context, slots: concurrency, gpu, gpus, args: [], env: {} });
}
