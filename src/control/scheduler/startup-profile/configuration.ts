/** Which configuration a replica runs in: what its memory and its times depend on. Pure. */
import { createHash } from "node:crypto";
import { hubSource, parseHubSource } from "../../../../agent/contract/gguf/hub-source.ts";
import type { DesiredReplica, Inventory } from "../../../../agent/contract/protocol/messages.ts";

/** The key of a ledger row. */
export interface Configured {
  source: string;
  revision: string;
  runtime: string;
  runtime_version: string;
  context_tokens: number;
  slots: number;
  gpu: string;
  gpus: number;
  settings: string;
}

export interface Started {
  spec: Pick<
    DesiredReplica,
    "source" | "runtime" | "context_tokens" | "slots" | "args" | "env" | "devices"
  >;
  inventory: Pick<Inventory, "gpus" | "runtimes">;
}

export function configurationOf({ spec, inventory }: Started): Configured {
  const { runtime, context_tokens, slots } = spec;
  return {
    ...sourceOf(spec.source),
    runtime,
    context_tokens,
    slots,
    // An agent has one build of each.
    runtime_version: inventory.runtimes.find(({ name }) => name === runtime)?.version ?? "",
    ...devicesOf(spec.devices, inventory.gpus),
    settings: settingsOf(spec.args, spec.env),
  };
}

/** A source with its revision taken out: the same files in another commit are another row of the same model. */
export function sourceOf(source: string): { source: string; revision: string } {
  const hub = source.startsWith("hf:") ? parseHubSource(source) : undefined;
  if (!hub) return { source, revision: "" };
  return { source: hubSource({ ...hub, revision: null }), revision: hub.revision ?? "" };
}

/** Variables may hold secrets, so only a hash of them is kept. */
export function settingsOf(args: readonly string[], env: Readonly<Record<string, string>>): string {
  const variables = Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1));
  if (args.length + variables.length === 0) return "";
  return createHash("sha256")
    .update(JSON.stringify([args, variables]))
    .digest("hex")
    .slice(0, 16);
}

/** Without reserved devices it may use all GPUs of its host. */
function devicesOf(devices: readonly string[], gpus: Inventory["gpus"]) {
  const own = gpus.filter(({ uuid }) => devices.length === 0 || devices.includes(uuid));
  const [first] = own;
  return first ? { gpu: first.name, gpus: own.length } : { gpu: "cpu", gpus: 0 };
}
