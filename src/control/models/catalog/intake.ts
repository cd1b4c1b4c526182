/** From a checked body to a catalog entry: look up what it names, see whether it can fit, write it down. */

import { Failure } from "../../../shared/failure.ts";
import { tokenIn } from "../resolution/asked-field.ts";
import {
  type DryRunView,
  type ForecastParts,
  refuseNever,
  viewOf,
} from "../resolution/forecast.ts";
import type { Resolved } from "../resolution/resolve.ts";
import type { Catalog } from "./catalog.ts";
import {
  changedEntry,
  checkedEntry,
  type Entry,
  type Model,
  type ModelInput,
  type NewModel,
  namedInput,
} from "./entry.ts";
import {
  askedOf,
  inOurWords,
  isOther,
  isPlain,
  isResized,
  lookedUp,
  resized,
  runOf,
} from "./run.ts";

export interface IntakeParts extends ForecastParts {
  catalog: Catalog;
}

interface Token {
  /** Null and empty: none. */
  hf_token?: string | null;
}

export interface Intake {
  add(body: NewModel & Token): Promise<Model>;
  /** What would become of it now. */
  forecast(body: NewModel & Token): Promise<DryRunView>;
  change(idOrName: string, body: Partial<ModelInput> & Token): Promise<Model>;
}

/** Everything throws a 400 for what can be known to fail, and for what no host of this fleet could ever take. */
export function createIntake(parts: IntakeParts): Intake {
  const { catalog, resolve, kinds } = parts;
  const find = (entry: Entry, hf_token: string) =>
    lookedUp(entry, { resolve, hf_token, kinds: kinds() });
  return {
    async add({ hf_token, ...body }) {
      const entry = checkedEntry(namedInput(body));
      const token = tokenIn({ hf_token: hf_token ?? null });
      catalog.refuseTaken(entry.name);
      const found = fitting(parts, entry, await find(entry, token));
      return catalog.create({ entry, run: runOf(found.artifact), hf_token: token });
    },

    async forecast({ hf_token, ...body }) {
      const entry = checkedEntry(namedInput(body));
      const found = await find(entry, tokenIn({ hf_token: hf_token ?? null }));
      return viewOf(parts.dryRun(askedOf(entry), found.artifact), found);
    },

    async change(idOrName, { hf_token, ...body }) {
      const before = catalog.existing(idOrName);
      const entry = changedEntry(before, body);
      catalog.refuseTaken(entry.name, before.id);
      const token = hf_token === undefined ? undefined : tokenIn({ hf_token });
      const newToken = token !== undefined && token !== catalog.tokenOf(before.id);
      // Naming the source again moves to the newest commit.
      const is_other = body.source !== undefined || isOther(before, entry) || newToken;
      const sized = is_other || isResized(before, entry);
      const found = sized ? await again() : null;
      // Somebody else may have come first while the hub was asked.
      if (catalog.existing(before.id) !== before) throw changedMeanwhile(before);
      return catalog.update(before.id, {
        entry,
        run: found ? runOf(found.artifact) : before,
        ...(token !== undefined && { hf_token: token }),
        retry: sized || body.enabled === true,
      });

      async function again(): Promise<Resolved> {
        const looks = is_other || (isPlain(before.source) && before.model_facts === null);
        return fitting(
          parts,
          entry,
          looks
            ? await find(entry, token ?? catalog.tokenOf(before.id))
            : resized(entry, before, kinds()),
        );
      }
    },
  };
}

function fitting({ dryRun }: IntakeParts, entry: Entry, found: Resolved): Resolved {
  inOurWords(() => refuseNever(dryRun(askedOf(entry), found.artifact)));
  return found;
}

const changedMeanwhile = ({ name }: Model): Failure =>
  new Failure(409, `Somebody else has changed ${name} in the meantime. Look at it and try again.`, {
    code: "model_changed",
  });
