/** What a catalog entry may say. Pure: every rule is a sentence for the person who broke it. */
import { badRequest } from "../failure.ts";
import type { models } from "./table.ts";

export type Model = Readonly<typeof models.$inferSelect>;

export interface ModelInput {
  name: string;
  source: string;
  runtime?: "llama-server";
  context_tokens?: number;
  slots?: number;
  replicas?: number | null;
  enabled?: boolean;
}

export type Entry = Omit<Model, "id" | "created_at">;

const defaults = {
  runtime: "llama-server",
  context_tokens: 4096,
  slots: 4,
  replicas: null,
  enabled: true,
} as const;

export interface NewModel extends Omit<ModelInput, "name" | "source"> {
  name?: string;
  source?: string;
  /** The word for `source` in a provision body; either is good here. */
  model?: string;
}

/** Without a name the model is called like its file. Throws a 400 when neither `source` nor `model` is there. */
export function namedInput({ name, source, model, ...rest }: NewModel): ModelInput {
  const from = source ?? model;
  if (from === undefined) throw badRequest("`source` is missing.", "source");
  const file = from.slice(Math.max(from.lastIndexOf("/"), from.lastIndexOf(":")) + 1);
  return { ...rest, source: from, name: name ?? file.replace(/\.gguf$/, "") };
}

/** Fills in the defaults. Throws a 400 that names the field. */
export function checkedEntry(input: ModelInput): Entry {
  const entry: Entry = { ...defaults, ...input };
  checkName(entry.name);
  checkSource(entry.source);
  checkInteger("context_tokens", entry.context_tokens, 256, 1_048_576);
  checkInteger("slots", entry.slots, 1, 256);
  if (entry.replicas !== null) checkInteger("replicas", entry.replicas, 0, 1000);
  return entry;
}

function checkName(name: string): void {
  if (/^[A-Za-z0-9._:/-]{1,96}$/.test(name)) return;
  throw badRequest(
    "A model's name has 1 to 96 letters, digits and the characters . _ : / - and no spaces.",
    "name",
  );
}

function checkSource(source: string): void {
  if (source === "builtin:hypervize-demo" || isGgufPath(source)) return;
  throw badRequest(
    "Supported sources are builtin:hypervize-demo and file:///absolute/path/model.gguf, a file on every host that should run it.",
    "source",
  );
}

/** Only the plain spelling of a path: nothing that a URL parser would rewrite or cut off. */
function isGgufPath(source: string): boolean {
  if (!source.startsWith("file:///") || !source.endsWith(".gguf") || source.length > 4096) {
    return false;
  }
  return !/\/\.{1,2}\/|[?#\\\p{C}]/u.test(source);
}

function checkInteger(field: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw badRequest(`\`${field}\` is a whole number from ${min} to ${max}.`, field);
}
