/** Checks of single fields of a provision. Each throws a 400 whose sentence names the field. Pure. */
import { parseLabels } from "../../agent/contract/labels.ts";
import { badRequest } from "../failure.ts";
import type { EndpointSpec } from "./spec.ts";

const most_variables = 100;
const most_arguments = 200;
const longest_value = 16_384;

export function whole(field: string, value: unknown, least: number, most: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) {
    return value;
  }
  throw badRequest(`\`${field}\` is a whole number from ${least} to ${most}.`, field);
}

/** Null and an empty object: the appliance may choose. */
export function gpuIn(value: unknown): EndpointSpec["gpu"] {
  if (value === null) return { type: null, count: null };
  const { type = null, count = null, ...rest } = record(value, "gpu", "{type, count}");
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    throw badRequest(`\`gpu\` has the fields type and count, not ${shown(unknown)}.`, "gpu");
  }
  if (type !== null && !(typeof type === "string" && /^[\w .()/+-]{1,64}$/.test(type))) {
    throw badRequest("`gpu.type` is the name of a GPU, such as H100-80, or cpu.", "gpu.type");
  }
  return { type, count: count === null ? null : whole("gpu.count", count, 1, 64) };
}

export function labelsIn(value: unknown): EndpointSpec["labels"] {
  const labels = Object.entries(textRecord(value, "labels"));
  try {
    return parseLabels(labels.map(([key, word]) => `${key}=${word}`));
  } catch (error) {
    throw badRequest(error instanceof Error ? error.message : "These are no labels.", "labels");
  }
}

/** What the names may be is the resolver's to say. */
export function variablesIn(value: unknown): EndpointSpec["env"] {
  const env = textRecord(value, "env");
  const entries = Object.entries(env);
  if (entries.length > most_variables) {
    throw badRequest(`\`env\` has at most ${most_variables} variables.`, "env");
  }
  for (const [name, text] of entries) checkText(text, `env.${name.slice(0, 64)}`, "env");
  return env;
}

export function argumentsIn(value: unknown): EndpointSpec["args"] {
  if (!isTexts(value)) {
    throw badRequest('`args` is a list of words, such as ["--flash-attn", "on"].', "args");
  }
  if (value.length > most_arguments) {
    throw badRequest(`\`args\` has at most ${most_arguments} words.`, "args");
  }
  for (const text of value) checkText(text, "args", "args");
  return value;
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === "string");

/** A NUL ends a word for the operating system, and hides what follows from our own checks. */
function checkText(text: string, name: string, field: string): void {
  if (text.length <= longest_value && !text.includes("\0")) return;
  throw badRequest(`\`${name}\` is longer than ${longest_value} characters, or has a NUL.`, field);
}

function textRecord(value: unknown, field: string): Record<string, string> {
  const entries = Object.entries(record(value, field, "{name: text}"));
  const wrong = entries.find(([, text]) => typeof text !== "string");
  if (wrong) throw badRequest(`\`${field}.${wrong[0].slice(0, 64)}\` must be text.`, field);
  return Object.fromEntries(entries) as Record<string, string>;
}

function record(value: unknown, field: string, form: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw badRequest(`\`${field}\` must be an object, ${form}.`, field);
}

const shown = (word: string): string => JSON.stringify(word.slice(0, 64));
