/** From the words of `hypervize endpoints create` and `update` to the body that is sent. */
import { readFileSync } from "node:fs";
import { type Option, UsageError, type Words } from "./command.ts";

/** Other names of `--context` and `--concurrency`, the same with every verb. */
export const context_aliases = ["context-tokens"];
export const concurrency_aliases = ["slots", "n-slots"];

export const bodyOptions: Record<string, Option> = {
  name: { value: "NAME", help: "name of the endpoint, also as a model on /v1" },
  model: {
    value: "MODEL",
    help: "with update: another model; with create: the model, unless it follows the verb",
  },
  revision: { value: "REV", help: "branch, tag or commit of the model" },
  runtime: { value: "RUNTIME", help: "auto, vllm, sglang or llama-server (default auto)" },
  gpu: { value: "TYPE", help: "GPU type such as H100-80, or cpu" },
  gpus: { value: "N", help: "GPUs of one replica (default: as few as are needed)" },
  context: {
    value: "TOKENS",
    aliases: context_aliases,
    help: "prompt and answer of one request (default: as fits)",
  },
  concurrency: {
    value: "N",
    aliases: concurrency_aliases,
    help: "requests that one replica works on at once (default 4)",
  },
  min: { value: "N", help: "replicas that always run; 0 lets it sleep (default 0)" },
  max: { value: "N", help: "replicas at most (default 1)" },
  idle: { value: "SECONDS|never", help: "sleep after this long without a request" },
  "sleep-in-place": {
    value: "SECONDS|unlimited",
    aliases: ["l1"],
    help: "keep weights in host memory for this long after idling (vLLM, SGLang; default 0 = off)",
  },
  "cold-start": { value: "hold|fail", help: "what a request to a sleeping endpoint does" },
  visibility: { value: "WHO", help: "private, team or public (default private)" },
  label: {
    value: "KEY=VALUE",
    repeated: true,
    help: "label that the host must have; repeat for more",
  },
  env: {
    value: "NAME=VALUE",
    repeated: true,
    help: "environment variable of the runtime; repeat for more",
  },
  arg: {
    value: "WORD",
    repeated: true,
    help: "argument of the runtime, as --arg=--flash-attn; repeat for more",
  },
  "hf-token-file": { value: "FILE", help: "file with the token of the hub, for gated models" },
};

/** Only what was said. */
export function bodyFrom(words: Words): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries({
      name: words.text("name"),
      model: words.text("model"),
      revision: words.text("revision"),
      runtime: words.text("runtime"),
      gpu: gpuFrom(words),
      context_tokens: words.integer("context", 1, 16_777_216),
      concurrency: words.integer("concurrency", 1, 1024),
      min_replicas: words.integer("min", 0, 100),
      max_replicas: words.integer("max", 1, 100),
      idle_timeout_s: words.text("idle") === "never" ? null : words.integer("idle", 1, 2_592_000),
      l1_timeout_s:
        words.text("sleep-in-place") === "unlimited"
          ? null
          : words.integer("sleep-in-place", 0, 2_592_000),
      cold_start: words.text("cold-start"),
      visibility: words.text("visibility"),
      labels: pairs(words, "label"),
      env: pairs(words, "env"),
      args: words.texts("arg").length > 0 ? words.texts("arg") : undefined,
      hf_token: tokenFrom(words.text("hf-token-file")),
    }).filter(([, value]) => value !== undefined),
  );
}

export function gpuFrom(words: Words): { type?: string; count?: number } | undefined {
  const type = words.text("gpu");
  const count = words.integer("gpus", 1, 64);
  if (type === undefined && count === undefined) return undefined;
  return { ...(type !== undefined && { type }), ...(count !== undefined && { count }) };
}

function pairs(words: Words, option: string): Record<string, string> | undefined {
  const given = words.texts(option);
  if (given.length === 0) return undefined;
  return Object.fromEntries(
    given.map((word) => {
      const at = word.indexOf("=");
      // Not repeated in full: the value of a variable may be a secret.
      if (at < 1) throw new UsageError(`--${option} takes NAME=VALUE.`);
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

/** A file, because every user of a machine can read the arguments of its processes. */
export function tokenFrom(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new Error(`The file ${file} of --hf-token-file cannot be read.`, { cause });
  }
}
