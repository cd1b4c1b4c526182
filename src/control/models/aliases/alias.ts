/** What an alias may say. Pure. Every rule is a sentence for the person who broke it. */
import { badRequest, Failure } from "../../../shared/failure.ts";
import type { AliasTarget, aliases } from "./table.ts";

export type Alias = Readonly<typeof aliases.$inferSelect>;

export interface AliasInput {
  name: string;
  targets: readonly AliasTarget[];
  fallbacks?: readonly string[];
}

export interface AliasView extends Alias {
  /** Those of its targets and fallbacks that do not exist, or no longer: they get no requests. */
  missing: readonly string[];
}

/** What else has a name. */
export interface Others {
  /** Whether a shared model is called so. */
  isModel(name: string): boolean;
  isEndpoint(id: string): boolean;
  /** Without the alias that is being changed. */
  aliases: readonly Alias[];
}

export const max_targets = 32;
export const weights = [1, 1000] as const;

/** Throws a 400 that names the field, or a 409 when the name is taken. */
export function checkAlias({ name, targets, fallbacks = [] }: AliasInput, others: Others): void {
  checkName(name, others);
  checkTargets(targets);
  checkFallbacks(fallbacks);
  const taken = new Set([name, ...others.aliases.map((other) => other.name)]);
  refuseAliases(
    "targets",
    targets.map(({ model }) => model),
    taken,
  );
  refuseAliases("fallbacks", fallbacks, taken);
}

export function viewOf(alias: Alias, { isModel, isEndpoint }: Omit<Others, "aliases">): AliasView {
  const names = new Set([...alias.targets.map(({ model }) => model), ...alias.fallbacks]);
  return { ...alias, missing: [...names].filter((name) => !isModel(name) && !isEndpoint(name)) };
}

function checkName(name: string, { isModel, aliases }: Others): void {
  if (!/^[A-Za-z0-9._:/-]{1,96}$/.test(name) || name.startsWith("endpt-")) {
    throw badRequest(
      "An alias has 1 to 96 letters, digits and the characters . _ : / - and does not begin with endpt-.",
      "name",
    );
  }
  if (isModel(name)) throw taken(`There is a model named ${name}.`, "model_exists");
  for (const other of aliases) {
    if (other.name === name)
      throw taken(`There is an alias named ${name} already.`, "alias_exists");
    if (!namesIn(other).includes(name)) continue;
    throw taken(`The alias ${other.name} leads to ${name}, and no alias leads to another.`);
  }
}

function checkTargets(targets: readonly AliasTarget[]): void {
  checkList(
    "targets",
    targets.map(({ model }) => model),
    1,
  );
  for (const { weight } of targets) {
    const [least, most] = weights;
    if (Number.isInteger(weight) && weight >= least && weight <= most) continue;
    throw badRequest(`A \`weight\` is a whole number from ${least} to ${most}.`, "targets");
  }
}

const checkFallbacks = (fallbacks: readonly string[]): void => checkList("fallbacks", fallbacks, 0);

function checkList(field: "targets" | "fallbacks", names: readonly string[], least: number): void {
  if (names.length < least || names.length > max_targets) {
    throw badRequest(`\`${field}\` has ${least} to ${max_targets} models.`, field);
  }
  if (new Set(names).size < names.length) {
    throw badRequest(`\`${field}\` has a model twice. Each may be there once.`, field);
  }
  if (names.every((name) => /^[A-Za-z0-9._:/-]{1,96}$/.test(name))) return;
  throw badRequest(`\`${field}\` has names of models and ids of endpoints.`, field);
}

function refuseAliases(field: string, names: readonly string[], taken: ReadonlySet<string>): void {
  const alias = names.find((name) => taken.has(name));
  if (alias === undefined) return;
  throw badRequest(`${alias} is an alias, and no alias leads to another. Name its models.`, field);
}

const namesIn = ({ targets, fallbacks }: Alias): string[] => [
  ...targets.map(({ model }) => model),
  ...fallbacks,
];

const taken = (why: string, code = "alias_exists"): Failure =>
  new Failure(409, `${why} Choose another name.`, { code, param: "name" });
