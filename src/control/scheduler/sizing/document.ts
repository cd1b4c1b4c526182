/** Reads numbers out of JSON that somebody else wrote. */
import { badRequest } from "../../../shared/failure.ts";

export type Document = Readonly<Record<string, unknown>>;

export const isDocument = (value: unknown): value is Document =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Far above any model, far below where products of them would lose whole bytes. */
const largest = 100_000_000;

/** The first of these fields that is there. Throws a 400 when it is not a whole number above 0. */
export function count(document: Document, ...names: readonly string[]): number | undefined {
  const name = names.find((key) => document[key] !== undefined && document[key] !== null);
  if (name === undefined) return undefined;
  const value = document[name];
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= largest) {
    return Number(value);
  }
  throw badRequest(`\`${name}\` of the config is a whole number from 1 to ${largest}.`, "config");
}

/** Like `count`, for a field that the model cannot be sized without. */
export function needed(document: Document, ...names: readonly string[]): number {
  const value = count(document, ...names);
  if (value !== undefined) return value;
  throw badRequest(
    `The config has no \`${names[0]}\`. Send the model's whole config.json.`,
    "config",
  );
}

/** A count that may be 0, where 0 and absence mean the same. */
export function countOrNone(document: Document, ...names: readonly string[]): number {
  return count(document, ...names.filter((name) => document[name] !== 0)) ?? 0;
}

export function words(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((word) => typeof word === "string") : [];
}

export function text(document: Document, name: string): string | undefined {
  const value = document[name];
  return typeof value === "string" ? value : undefined;
}
