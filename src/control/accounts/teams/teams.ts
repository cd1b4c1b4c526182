import { eq } from "drizzle-orm";
import { badRequest, Failure, notFound } from "../../../shared/failure.ts";
import { newId } from "../../../shared/identifier.ts";
import { checkedLimits, type LimitFields, noLimits } from "../../../shared/limits/fields.ts";
import type { Database } from "../../storage/database.ts";
import { users } from "../users/table.ts";
import { teams } from "./table.ts";

export type Team = Readonly<typeof teams.$inferSelect>;

export type TeamChanges = Partial<LimitFields> & { name?: string | undefined };

export interface TeamsParts {
  now(): number;
  /** Called inside of the transaction: usage rows know a team by its name. */
  renamed(from: string, to: string): void;
}

/**
 * Groups of users that share limits. All are in memory; a change makes a new object, by which callers
 * notice it.
 */
export class Teams {
  readonly #database: Database;
  readonly #parts: TeamsParts;
  readonly #known: Map<string, Team>;

  constructor(database: Database, parts: TeamsParts) {
    this.#database = database;
    this.#parts = parts;
    const rows = database.select().from(teams).orderBy(teams.created_at, teams.id).all();
    this.#known = new Map(rows.map((row) => [row.id, row]));
  }

  list(): Team[] {
    return [...this.#known.values()];
  }

  find(id: string): Team | undefined {
    return this.#known.get(id);
  }

  create({ name, ...limits }: TeamChanges & { name: string }): Team {
    const team = {
      id: newId("team"),
      name: this.#checkedName(name),
      ...checkedLimits(limits, noLimits),
      created_at: this.#parts.now(),
    };
    this.#database.insert(teams).values(team).run();
    this.#known.set(team.id, team);
    return team;
  }

  update(id: string, { name, ...limits }: TeamChanges): Team {
    const before = this.#existing(id);
    const team = {
      ...before,
      ...checkedLimits(limits, before),
      name: name === undefined ? before.name : this.#checkedName(name, id),
    };
    this.#database.transaction((tx) => {
      tx.update(teams).set(team).where(eq(teams.id, id)).run();
      if (team.name !== before.name) this.#parts.renamed(before.name, team.name);
    });
    this.#known.set(id, team);
    return team;
  }

  /** Its users stay, in no team. */
  remove(id: string): void {
    this.#existing(id);
    this.#database.transaction((tx) => {
      tx.update(users).set({ team_id: null }).where(eq(users.team_id, id)).run();
      tx.delete(teams).where(eq(teams.id, id)).run();
    });
    this.#known.delete(id);
  }

  #existing(id: string): Team {
    const team = this.#known.get(id);
    if (!team) throw notFound("There is no team with this id. GET /api/teams lists them.");
    return team;
  }

  #checkedName(input: string, exceptId?: string): string {
    const name = input.trim();
    if (name.length === 0 || name.length > 100 || /\p{C}/u.test(name)) {
      throw badRequest("A team's name has 1 to 100 characters, without line breaks.", "name");
    }
    if (this.list().some((team) => team.name === name && team.id !== exceptId)) {
      throw new Failure(409, `There is a team named ${name} already.`, {
        code: "team_exists",
        param: "name",
      });
    }
    return name;
  }
}
