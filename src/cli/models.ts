/** `hypervize models`: the shared models from the shell. */

import type { ModelView } from "../app/control-api.ts";
import type { DryRunView } from "../control/models/resolution/forecast.ts";
import type { Client } from "./client.ts";
import { type Terminal, UsageError, type Words } from "./command.ts";
import { printDryRun } from "./dry-run.ts";
import { concurrency_aliases, context_aliases, gpuFrom, tokenFrom } from "./endpoints-body.ts";
import { progressLine, progressText, type Starting, untilSettled } from "./endpoints-wait.ts";
import { type Action, type Noun, subject } from "./noun.ts";
import { table } from "./print.ts";

const path = (name: string): string => `/api/models/${encodeURIComponent(name)}`;

export const models: Noun = {
  name: "models",
  summary:
    "Shared models, which everyone can use: list, create, show, update, enable, disable, retry, delete.",
  options: {
    name: { value: "NAME", help: "name that clients ask for; with update: a new one" },
    source: {
      value: "SOURCE",
      help: "org/repo[:file|quant], s3://bucket/folder, file:///path or builtin:hypervize-demo",
    },
    revision: { value: "REV", help: "branch, tag or commit of a model of the hub" },
    runtime: { value: "RUNTIME", help: "auto, vllm, sglang or llama-server (default auto)" },
    gpu: { value: "TYPE", help: "GPU type such as H100-80, or cpu" },
    gpus: { value: "N", help: "GPUs of one replica (default: as few as are needed)" },
    context: {
      value: "TOKENS",
      aliases: context_aliases,
      help: "context window of one request (default: at most 8192; 4096 for a file; as fits on vllm and sglang)",
    },
    concurrency: {
      value: "N",
      aliases: concurrency_aliases,
      help: "requests that one replica serves at once (default 4)",
    },
    replicas: { value: "N|all", help: "how many replicas (default all: one on every host)" },
    "hf-token-file": { value: "FILE", help: "file with the token of the hub, for gated models" },
    "dry-run": { help: "with create: only say whether and where it would run" },
    wait: { help: "with create, update and retry: until it is up or has failed" },
  },
  actions: {
    list: {
      usage: "",
      call: (client) => client.get("/api/models"),
      say: ({ data }: { data: ModelView[] }) =>
        table(
          data.map((model) => ({ ...withPhase(model), source: model.asked.source })),
          ["id", "status", "ready_replicas", "replicas", "source", "problem"],
        ),
    },
    create: {
      aliases: ["add"],
      takes: ["NAME", "SOURCE"],
      usage:
        "NAME SOURCE [--context TOKENS] [--concurrency N] [--replicas N] [--dry-run] [--wait] …",
      async call(client, words) {
        const dry = words.flag("dry-run") ? "?dry_run=1" : "";
        return client.send("POST", `/api/models${dry}`, {
          ...bodyFrom(words),
          ...nameAndSource(words),
        });
      },
      follow: (answer: ModelView | DryRunView, client, words, terminal) =>
        "would_stop" in answer
          ? Promise.resolve(printDryRun(answer, words, terminal))
          : followed(answer, client, words, terminal),
    },
    show: {
      usage: "NAME",
      takes: ["NAME"],
      call: (client, words) => client.get(path(subject(words))),
      say: (model: ModelView) =>
        table(
          Object.entries(model).map(([what, value]) => ({
            what,
            value: typeof value === "object" && value !== null ? JSON.stringify(value) : value,
          })),
          ["what", "value"],
        ),
    },
    update: {
      takes: ["NAME"],
      usage: "NAME [--source SOURCE] [--context TOKENS] [--replicas N] [--wait] …",
      async call(client, words) {
        const body = bodyFrom(words);
        if (Object.keys(body).length === 0) throw new UsageError("Say what to change.");
        return client.send("PATCH", path(subject(words)), body);
      },
      follow: followed,
    },
    enable: change("NAME", { enabled: true }),
    disable: change("NAME", { enabled: false }),
    /** What failed starts afresh; on an enabled model that is all that it does. */
    retry: change("NAME [--wait]", { enabled: true }),
    delete: {
      aliases: ["remove"],
      usage: "NAME",
      takes: ["NAME"],
      call: (client, words) => client.send("DELETE", path(subject(words))),
      say: () => "Deleted; its replicas stop.",
    },
  },
};

function change(usage: string, body: object): Action {
  return {
    usage,
    takes: ["NAME"],
    call: (client, words) => client.send("PATCH", path(subject(words)), body),
    follow: followed,
  };
}

/** NAME and SOURCE follow the verb, or are in their options; one word beside --source is the name. */
function nameAndSource(words: Words): { name?: string; source: string } {
  const [, first, second] = words.positionals;
  const options = { name: words.text("name"), source: words.text("source") };
  const isName = second !== undefined || options.source !== undefined;
  const names = [options.name, isName ? first : undefined].filter((name) => name !== undefined);
  const sources = [options.source, isName ? second : first].filter((one) => one !== undefined);
  const [source] = sources;
  if (source === undefined || names.length > 1 || sources.length > 1) {
    throw new UsageError("One NAME and one SOURCE are needed. See `hypervize models --help`.");
  }
  const [name] = names;
  return name ? { name, source } : { source };
}

/** Only what was said. */
function bodyFrom(words: Words): Record<string, unknown> {
  const replicas = words.text("replicas") === "all" ? null : words.integer("replicas", 0, 1000);
  return Object.fromEntries(
    Object.entries({
      name: words.text("name"),
      source: words.text("source"),
      revision: words.text("revision"),
      runtime: words.text("runtime"),
      gpu: gpuFrom(words),
      context_tokens: words.integer("context", 1, 1_048_576),
      concurrency: words.integer("concurrency", 1, 256),
      replicas,
      hf_token: tokenFrom(words.text("hf-token-file")),
    }).filter(([, value]) => value !== undefined),
  );
}

async function followed(
  view: ModelView,
  client: Client,
  words: Words,
  terminal: Terminal,
): Promise<number> {
  const say = (each: ModelView, sentence: string): void =>
    terminal.out(words.flag("json") ? JSON.stringify(each, null, 2) : sentence);
  if (!words.flag("wait")) {
    say(view, saved(view));
    return 0;
  }
  const line = progressLine(terminal);
  const look = async () => startingOf(await client.get<ModelView>(path(view.model_id)));
  const { model } = await untilSettled({
    look,
    noun: "models",
    terminal,
    show: line.show,
  }).finally(line.clear);
  const is = `${model.id} is ${model.status}.`;
  if (model.status === "up") {
    say(model, is);
    return 0;
  }
  if (words.flag("json")) say(model, "");
  terminal.err([is, model.problem].filter(Boolean).join(" "));
  return 1;
}

function saved(model: ModelView): string {
  if (!model.enabled) return `${model.id} is disabled; its replicas stop.`;
  return `${model.id} is a shared model now and runs ${model.source} on ${model.runtime}; hosts start it now.`;
}

/** As an endpoint is watched while it starts. */
const startingOf = (model: ModelView): Starting & { model: ModelView } => ({
  name: model.id,
  status: model.status,
  phase: model.phase,
  progress: model.progress,
  detail: model.problem ?? "",
  model,
});

/** `starting` alone says little of the minutes that a download takes. */
export function withPhase(model: ModelView) {
  const { status, phase } = model;
  if (phase === null || (status !== "starting" && status !== "up")) return model;
  const text = progressText(startingOf({ ...model, problem: null })).slice(model.id.length + 2);
  return { ...model, status: status === "up" ? `up; one more is ${text}` : text };
}
