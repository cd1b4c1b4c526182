import { badRequest } from "../../shared/failure.ts";
import type { Database } from "../storage/database.ts";
import type { Secrets } from "../storage/secrets.ts";
import type { Field } from "./field.ts";
import {
  checkTogether,
  type GroupName,
  groups,
  type SecretGroup,
  type SettingsView,
  secretOf,
} from "./groups.ts";
import { settings } from "./table.ts";

/** One group, as it is stored: its values, and its secret sealed. */
interface Kept {
  values: Readonly<Record<string, unknown>>;
  /** Empty: none. */
  sealed: string;
}

type Everything = Readonly<Record<GroupName, Kept>>;

const names = Object.keys(groups) as GroupName[];
const secretName = (group: GroupName): string | undefined =>
  (secretOf as Partial<Record<GroupName, string>>)[group];

/**
 * What admins have set. All is in memory, for every reader; a change is committed before memory
 * changes and listeners hear. Secrets stay sealed until they are used, so a lost key file is noticed
 * by the one who sends a mail, not by a start.
 */
export class Settings {
  readonly #database: Database;
  readonly #secrets: Secrets;
  readonly #listeners = new Set<() => void>();
  #kept: Everything;
  #view: SettingsView;

  constructor(database: Database, secrets: Secrets) {
    this.#database = database;
    this.#secrets = secrets;
    const rows = new Map(
      database
        .select()
        .from(settings)
        .all()
        .map((row) => [row.name, row.value]),
    );
    this.#kept = forEachGroup((group) => readBack(group, rows.get(group) ?? {}));
    this.#view = viewOf(this.#kept);
  }

  /** Without secrets: what may be shown to an admin as it is. Frozen. */
  current(): SettingsView {
    return this.#view;
  }

  /** The one secret of a group, empty when there is none. Throws a Failure when the key file is another. */
  secret(group: SecretGroup): string {
    const { sealed } = this.#kept[group];
    return sealed === "" ? "" : this.#secrets.open(sealed, aboutSecret(group));
  }

  /**
   * Takes over the settings that INPUT has, by group; all others stay. An empty secret clears it.
   * Throws 400 with a sentence that names the field, and then nothing has changed.
   */
  change(input: Readonly<Record<string, unknown>>): SettingsView {
    refuseUnknown(input, names, "");
    const kept = forEachGroup((group) =>
      input[group] === undefined ? this.#kept[group] : this.#merged(group, input[group]),
    );
    const view = viewOf(kept);
    checkTogether(view);
    this.#database.transaction((transaction) => {
      for (const name of names) {
        if (kept[name] === this.#kept[name]) continue;
        const value = { ...kept[name].values, sealed: kept[name].sealed };
        transaction
          .insert(settings)
          .values({ name, value })
          .onConflictDoUpdate({ target: settings.name, set: { value } })
          .run();
      }
    });
    this.#kept = kept;
    this.#view = view;
    for (const listener of this.#listeners) listener();
    return view;
  }

  /** LISTENER is called after every committed change. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  #merged(group: GroupName, input: unknown): Kept {
    if (typeof input !== "object" || input === null || Array.isArray(input)) {
      throw badRequest(`\`${group}\` must be an object with the settings to change.`, group);
    }
    const fields: Record<string, Field<unknown>> = groups[group];
    const secret = secretName(group);
    refuseUnknown(input, [...Object.keys(fields), ...(secret ? [secret] : [])], `${group}.`);
    const given: Record<string, unknown> = { ...input };
    const { values, sealed } = this.#kept[group];
    const changed = Object.entries(fields)
      .filter(([name]) => given[name] !== undefined)
      .map(([name, field]) => [name, field.check(given[name], `${group}.${name}`)]);
    return {
      values: { ...values, ...Object.fromEntries(changed) },
      sealed: secret && given[secret] !== undefined ? this.#sealed(group, given[secret]) : sealed,
    };
  }

  #sealed(group: GroupName, secret: unknown): string {
    const name = aboutSecret(group);
    if (typeof secret !== "string" || secret.length > 1024 || /[\0\r\n]/.test(secret)) {
      throw badRequest(`\`${name}\` must be one line of at most 1024 characters.`, name);
    }
    return secret === "" ? "" : this.#secrets.seal(secret, name);
  }
}

const aboutSecret = (group: GroupName): string => `${group}.${secretName(group)}`;

function forEachGroup(make: (group: GroupName) => Kept): Everything {
  return Object.fromEntries(names.map((group) => [group, make(group)])) as Record<GroupName, Kept>;
}

/** A stored value that this binary would not accept any more gives way to the default: a start must not fail. */
function readBack(group: GroupName, stored: Readonly<Record<string, unknown>>): Kept {
  const fields: Record<string, Field<unknown>> = groups[group];
  const values = Object.entries(fields).map(([name, field]) => {
    try {
      return [name, stored[name] === undefined ? field.initial : field.check(stored[name], name)];
    } catch {
      return [name, field.initial];
    }
  });
  const { sealed } = stored;
  return { values: Object.fromEntries(values), sealed: typeof sealed === "string" ? sealed : "" };
}

/** The field tables make the types of `values` true: each was checked by its own field. */
function viewOf(kept: Everything): SettingsView {
  const shown = names.map((group) => {
    const { values, sealed } = kept[group];
    const secret = secretName(group);
    const view = { ...values, ...(secret && { [`has_${secret}`]: sealed !== "" }) };
    return [group, Object.freeze(view)];
  });
  return Object.freeze(Object.fromEntries(shown)) as unknown as SettingsView;
}

function refuseUnknown(input: object, known: readonly string[], before: string): void {
  const unknown = Object.keys(input).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const name = before + unknown.slice(0, 64);
  throw badRequest(`\`${name}\` is not a setting. There are ${known.join(", ")}.`, name);
}
