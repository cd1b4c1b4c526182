/** `hypervize size`: what a model would need, without an appliance. */
import { basename } from "node:path";
import { fetchOutside } from "../../agent/contract/proxy.ts";
import { hubFromEnvironment, s3FromEnvironment } from "../app/config.ts";
import { gpus } from "../control/scheduler/sizing/gpus.ts";
import { answerFromHub, hubReader, storeReader } from "../control/scheduler/sizing/hub-question.ts";
import { readLocalModel } from "../control/scheduler/sizing/local-files.ts";
import type { Sizing } from "../control/scheduler/sizing/plan.ts";
import {
  answer,
  default_gpu,
  default_utilization,
  type Question,
} from "../control/scheduler/sizing/question.ts";
import { Failure } from "../shared/failure.ts";
import { type Command, UsageError, type Words } from "./command.ts";
import { concurrency_aliases, context_aliases } from "./endpoints-body.ts";
import { table } from "./print.ts";

export const sizeCommand: Command = {
  name: "size",
  summary: "Says whether a model fits on GPUs, with which context, and what it needs.",
  usage: "MODEL [options]",
  takes_words: true,
  options: {
    config: { value: "FILE", help: "the model's config.json, read instead of the hub's" },
    offline: { help: "do not ask the hub; a name alone is only a guess" },
    gpu: { value: "TYPE", help: `GPU type (default ${default_gpu})` },
    gpus: { value: "N", help: "how many GPUs (default: as few as are needed)" },
    context: {
      value: "TOKENS",
      aliases: context_aliases,
      help: "prompt and answer of one request (default: the model's own)",
    },
    concurrency: {
      value: "N",
      aliases: concurrency_aliases,
      help: "requests of that length at once (default 1)",
    },
    utilization: {
      value: "PART",
      help: `part of the GPU that the runtime may use (default ${default_utilization})`,
    },
    dtype: {
      value: "TYPE",
      help: "bf16, fp8, awq, gptq, mxfp4, Q4_K_M ... (default: the model's own)",
    },
    json: { help: "print the answer as JSON" },
  },
  notes: `MODEL is org/model or org/model:FILE-or-QUANT of the hub (HF_ENDPOINT, with HF_TOKEN for gated models),
a .gguf file, a folder with config.json and safetensors, or s3://BUCKET/FOLDER[:FILE-or-QUANT], read with
AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_CA_BUNDLE.

GPU types: ${gpus.map(({ name }) => name).join(", ")}.`,
  async run(words, terminal) {
    const sizing = await ask(words).catch((error: unknown) => {
      const option =
        error instanceof Failure && error.param !== null && error.param in this.options;
      throw option && error.param !== "config" ? new UsageError(error.message) : error;
    });
    terminal.out(words.flag("json") ? JSON.stringify(sizing, null, 2) : inWords(sizing));
    return 0;
  },
};

/** Somebody waits at a terminal, and a name is better than nothing. */
const hub_patience_ms = 5000;

async function ask(words: Words): Promise<Sizing> {
  const [model, ...more] = words.positionals;
  const file = words.text("config");
  if (more.length > 0) throw new UsageError("One MODEL at a time.");
  if (model === undefined && file === undefined) {
    throw new UsageError("A MODEL is needed. See `hypervize size --help`.");
  }
  const config = file === undefined ? undefined : await configIn(file);
  const files = model === undefined ? undefined : await readLocalModel(model);
  const [gpu, dtype, utilization] = ["gpu", "dtype", "utilization"].map((name) => words.text(name));
  const name = model === undefined || files === undefined ? model : basename(model);
  const question = {
    ...(name !== undefined && { model: name }),
    ...(config !== undefined && { config }),
    ...(gpu !== undefined && { gpu }),
    ...(dtype !== undefined && { dtype }),
    ...(utilization !== undefined && { utilization: Number(utilization) }),
    ...numbers(words),
  };
  if (files || words.flag("offline")) return answer(question, files && { files });
  return askStores(question);
}

function askStores(question: Question): Promise<Sizing> {
  const { endpoint, token } = hubFromEnvironment();
  const hub = { endpoint, fetch: fetchOutside, timeout_ms: hub_patience_ms };
  if (question.model?.startsWith("s3://") && s3FromEnvironment() === null) {
    throw new Error(
      "For a model in S3, set AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ask the appliance, which has its own: POST /api/size.",
    );
  }
  const store = {
    access: s3FromEnvironment,
    fetch: fetchOutside,
    now: Date.now,
    timeout_ms: hub_patience_ms,
  };
  return answerFromHub(
    question,
    storeReader(store, hub_patience_ms, hubReader(hub, token, hub_patience_ms)),
  );
}

function numbers(words: Words): { gpus?: number; context?: number; concurrency?: number } {
  const gpus = words.integer("gpus", 1, 64);
  const context = words.integer("context", 1, 16_777_216);
  const concurrency = words.integer("concurrency", 1, 65_536);
  return {
    ...(gpus && { gpus }),
    ...(context && { context }),
    ...(concurrency && { concurrency }),
  };
}

async function configIn(file: string): Promise<unknown> {
  try {
    return await Bun.file(file).json();
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new Error(
      missing ? `There is no file ${file}.` : `${file} is not JSON. Give the model's config.json.`,
    );
  }
}

/** Bytes in the rows, words above them. */
function inWords(sizing: Sizing): string {
  const { explanation, ...rest } = sizing;
  const rows = Object.entries(rest).map(([what, value]) => ({ what, value }));
  return `${explanation}\n\n${table(rows, ["what", "value"])}`;
}
