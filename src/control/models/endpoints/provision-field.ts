/** Checks of single fields of a provision. Each throws a 400 whose sentence names the field. Pure. */
import { parseLabels } from "../../../../agent/contract/protocol/labels.ts";
import { badRequest } from "../../../shared/failure.ts";
import { record } from "../resolution/asked-field.ts";
import type { EndpointSpec } from "./spec.ts";

export const most_variables = 100;
export const most_arguments = 200;
const longest_value = 16_384;

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
