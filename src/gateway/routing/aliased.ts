import { seedOf } from "./selection.ts";
import { type Share, shareAt, shareOf } from "./shares.ts";
import type { RoutedAlias } from "./snapshot.ts";
import type { Entry, Target } from "./target.ts";
import { type Asker, isVisible } from "./visibility.ts";

/** An alias with those of its targets and fallbacks that there are. */
export interface Aliased {
  readonly alias: RoutedAlias;
  readonly shares: readonly AliasShare[];
}

interface AliasShare extends Share {
  readonly entry: Entry;
  /** The entries to fall back to, and the target for all who may use every one of them. */
  readonly fallbacks: readonly Entry[];
  readonly target: Target;
}

/** ENTRYOF finds by the name of a model of the shared pool, or by the id of an endpoint. */
export function aliased(alias: RoutedAlias, entryOf: (name: string) => Entry | undefined): Aliased {
  const known = alias.fallbacks.flatMap((name) => entryOf(name) ?? []);
  const shares = alias.targets.flatMap(({ model, weight }) => {
    const entry = entryOf(model);
    if (!entry) return [];
    const fallbacks = known.filter((other) => other !== entry);
    const target = targetFor(alias, entry, fallbacks);
    return [{ entry, weight, seed: seedOf(model), fallbacks, target }];
  });
  return { alias, shares };
}

export function mayUse({ shares }: Aliased, asker: Asker): boolean {
  return shares.some(({ entry }) => isVisible(entry.model.endpoint, asker));
}

/**
 * What ASKER is answered by, with what it may fall back to: the one that STICKY always has, else the one
 * that DICE says, a number from 0 up to 1. Null when it may use none of the targets.
 */
export function targetOf(
  { alias, shares }: Aliased,
  asker: Asker,
  sticky: string | null,
  dice: () => number,
): Target | null {
  const sees = ({ model }: Entry): boolean => isVisible(model.endpoint, asker);
  const open = shares.every(({ entry }) => sees(entry))
    ? shares
    : shares.filter(({ entry }) => sees(entry));
  const share = open.length < 2 ? open[0] : chosen(open, sticky, dice);
  if (!share) return null;
  const { entry, fallbacks, target } = share;
  return fallbacks.every(sees) ? target : targetFor(alias, entry, fallbacks.filter(sees));
}

const chosen = (shares: readonly AliasShare[], sticky: string | null, dice: () => number) =>
  sticky === null ? shareAt(shares, dice()) : shareOf(shares, sticky);

const targetFor = (
  { created_at }: RoutedAlias,
  { target }: Entry,
  fallbacks: readonly Entry[],
): Target => ({ ...target, created_at, fallbacks: fallbacks.map((entry) => entry.target) });
