import { eq } from "drizzle-orm";
import type { Role } from "../../../shared/access.ts";
import { badRequest, Failure, notFound } from "../../../shared/failure.ts";
import { newId } from "../../../shared/identifier.ts";
import { checkedLimits, type LimitFields, noLimits } from "../../../shared/limits/fields.ts";
import type { Database } from "../../storage/database.ts";
import { checkPassword, hashPassword, hashPasswordSync } from "./password.ts";
import type { Sessions } from "./sessions.ts";
import { users } from "./table.ts";

/** What may be shown of a user: everything but the password hash. */
export interface UserView extends LimitFields {
  id: string;
  email: string;
  name: string;
  role: Role;
  team_id: string | null;
  created_at: number;
}

export interface NewUser extends Partial<LimitFields> {
  email: string;
  password: string;
  role: Role;
  name?: string;
  team_id?: string | null;
}

export type UserChanges = Partial<Omit<NewUser, "email">>;

/** What must happen elsewhere when a user goes. */
export interface UserEnds {
  sessions: Pick<Sessions, "endAllOf">;
  /** Revokes every key of the user at once and cuts what they stream. */
  keys: { revokeOf(user_id: string): number };
  isTeam(id: string): boolean;
  /** Cuts what the user streams by a session; returns how many streams that were. */
  cut(user_id: string): number;
}

/**
 * People who may sign in. All are in memory too, so that recognising a caller never reads the
 * database; every change is committed before memory changes. There is always an admin left.
 */
export class Users {
  readonly #database: Database;
  readonly #ends: UserEnds;
  readonly #now: () => number;
  readonly #known: Map<string, UserView>;

  constructor(database: Database, ends: UserEnds, now: () => number) {
    this.#database = database;
    this.#ends = ends;
    this.#now = now;
    const rows = database.select().from(users).orderBy(users.created_at, users.id).all();
    this.#known = new Map(rows.map((row) => [row.id, viewOf(row)]));
  }

  list(): UserView[] {
    return [...this.#known.values()];
  }

  find(id: string): UserView | undefined {
    return this.#known.get(id);
  }

  /** The row with its password hash, for signing in. */
  withPassword(email: string): typeof users.$inferSelect | undefined {
    return this.#database
      .select()
      .from(users)
      .where(eq(users.email, normalEmail(email)))
      .get();
  }

  async create(input: NewUser): Promise<UserView> {
    checkPassword(input.password);
    return this.#insert(input, await hashPassword(input.password));
  }

  /** Creates the admin when there is no user at all; says whether it did. */
  ensureFirstAdmin({ email, password }: { email: string; password: string }): boolean {
    if (this.#known.size > 0) return false;
    checkPassword(password);
    this.#insert({ email, password, role: "admin" }, hashPasswordSync(password));
    return true;
  }

  /** A new password ends all sessions of the user; a new role holds from the next request on. */
  async update(id: string, changes: UserChanges): Promise<UserView> {
    const { password } = changes;
    if (password !== undefined) checkPassword(password);
    const password_hash = password === undefined ? undefined : await hashPassword(password);
    const user = this.#existing(id);
    const role = changes.role ?? user.role;
    if (role !== "admin") this.#keepAnAdmin(user);
    const settings = {
      ...checkedLimits(changes, user),
      role,
      name: checkedName(changes.name ?? user.name),
      team_id: this.#checkedTeam(changes.team_id === undefined ? user.team_id : changes.team_id),
    };
    const changed = { ...user, ...settings };
    this.#database
      .update(users)
      .set({ ...settings, ...(password_hash && { password_hash }) })
      .where(eq(users.id, id))
      .run();
    this.#known.set(id, changed);
    if (password_hash) this.#ends.sessions.endAllOf(id);
    return changed;
  }

  /** The users of a team that is gone are in none. */
  leaveTeam(team_id: string): void {
    for (const user of this.list()) {
      if (user.team_id === team_id) this.#known.set(user.id, { ...user, team_id: null });
    }
  }

  /** Removes the user with their keys and sessions; their usage rows stay. Returns how many streams were cut. */
  remove(id: string): number {
    this.#keepAnAdmin(this.#existing(id));
    const streams_cut = this.#ends.keys.revokeOf(id) + this.#ends.cut(id);
    this.#database.delete(users).where(eq(users.id, id)).run();
    this.#known.delete(id);
    this.#ends.sessions.endAllOf(id);
    return streams_cut;
  }

  #insert(input: NewUser, password_hash: string): UserView {
    const email = checkedEmail(input.email);
    if (this.list().some((user) => user.email === email)) {
      throw new Failure(409, `${email} already has an account here.`, {
        code: "user_exists",
        param: "email",
      });
    }
    const name = checkedName(input.name ?? email.slice(0, email.indexOf("@")));
    const user = {
      id: newId("usr"),
      email,
      name,
      role: input.role,
      ...checkedLimits(input, noLimits),
      team_id: this.#checkedTeam(input.team_id ?? null),
      created_at: this.#now(),
    };
    this.#database
      .insert(users)
      .values({ ...user, password_hash })
      .run();
    this.#known.set(user.id, user);
    return user;
  }

  #checkedTeam(id: string | null): string | null {
    if (id === null || this.#ends.isTeam(id)) return id;
    throw badRequest("There is no team with this id. GET /api/teams lists them.", "team_id");
  }

  #existing(id: string): UserView {
    const user = this.#known.get(id);
    if (!user) throw notFound("There is no user with this id. GET /api/users lists them.");
    return user;
  }

  #keepAnAdmin(user: UserView): void {
    const others = this.list().some(({ id, role }) => role === "admin" && id !== user.id);
    if (user.role !== "admin" || others) return;
    throw new Failure(409, "This is the last admin. Make another user admin first.", {
      code: "last_admin",
    });
  }
}

/** The one spelling under which an address is stored, looked up and throttled. */
export function normalEmail(email: string): string {
  return email.trim().normalize("NFC").toLowerCase();
}

/** Loose on purpose (only sending mail proves an address), at most RFC 5321's 254 characters. */
function checkedEmail(input: string): string {
  const email = normalEmail(input);
  if (email.length <= 254 && /^[^\s@<>"',;\p{C}]+@[^\s@<>"',;\p{C}]+$/u.test(email)) return email;
  throw badRequest("This is not an e-mail address; it looks like name@example.org.", "email");
}

function checkedName(input: string): string {
  const name = input.trim();
  if (name.length > 0 && name.length <= 100 && !/\p{C}/u.test(name)) return name;
  throw badRequest("A name has 1 to 100 characters, without line breaks.", "name");
}

function viewOf({ password_hash: _, ...shown }: typeof users.$inferSelect): UserView {
  return shown;
}
