import type { Identify, Identity, Role, Sent } from "../../shared/access.ts";
import { badKey, forbidden, missingKey } from "../../shared/failure.ts";
import type { LimitFields } from "../../shared/limits/fields.ts";
import type { Scope } from "../../shared/limits/scope.ts";

interface KeyRecord {
  id: string;
  prefix: string;
  user_id: string;
  scope: "inference" | "admin";
  limits: LimitFields;
  allows: ((address: string) => boolean) | null;
}

interface User extends LimitFields {
  id: string;
  email: string;
  role: Role;
  team_id: string | null;
}

interface Team extends LimitFields {
  id: string;
  name: string;
}

export interface Asking extends Sent {
  readonly address: string;
}

/** All answer from memory, with the same object until something about it changes. */
export interface CallerParts {
  /** Throws `badKey()`. */
  verify(token: string): KeyRecord;
  findUser(id: string): User | undefined;
  findTeam(id: string): Team | undefined;
  session(request: Sent): Identity | null;
  /** Where a request for the control API came from. */
  addressOf(request: Sent): string;
}

/** The same object for every request of a key, until something about the key, its user or team changes. */
export interface InferenceCaller {
  /** The address of the user, as it stands in usage rows. */
  user: string;
  user_id: string;
  team: string | null;
  key_id: string | null;
  key_prefix: string | null;
  role: Role;
  /** The only models that it may use; null: all that its role may. */
  models: ReadonlySet<string> | null;
  /** What limits it. */
  scopes: readonly Scope[];
}

export interface Callers {
  identify: Identify;
  /** Whether a request asks as an application or as a person or program that manages. */
  worldOf(request: Sent): "control" | "inference";
  /** Whether a request is anybody's, be it with a key or a session. */
  knows(request: Sent): boolean;
  /** Throws 401, or 403 for an address that its key may not be used from. */
  authenticate(request: Asking): InferenceCaller;
}

interface Known {
  caller: InferenceCaller;
  user: User;
  team: Team | undefined;
}

export function callersFrom(parts: CallerParts): Callers {
  const { verify, findUser, findTeam, session, addressOf } = parts;
  /** By what it was made of first: the record of a key, or a user's own for their session. */
  const known = new WeakMap<object, Known>();

  function keyOf(headers: Sent["headers"], address: string): KeyRecord | null {
    const token = tokenIn(headers);
    if (token === null) return null;
    const key = verify(token);
    if (key.allows === null || key.allows(address)) return key;
    throw forbidden("This key may not be used from your network. Ask its owner.");
  }

  function userOf({ user_id }: { user_id: string }): User {
    const user = findUser(user_id);
    if (!user) throw badKey();
    return user;
  }

  function callerFor(user: User, key: KeyRecord | null): InferenceCaller {
    const team = user.team_id === null ? undefined : findTeam(user.team_id);
    const found = known.get(key ?? user);
    if (found && found.user === user && found.team === team) return found.caller;
    const caller = newCaller(user, key, team);
    known.set(key ?? user, { caller, user, team });
    return caller;
  }

  function worldOf(request: Sent): "control" | "inference" {
    const key = keyOf(request.headers, addressOf(request));
    if (key) {
      userOf(key);
      return key.scope === "admin" ? "control" : "inference";
    }
    if (!session(request)) throw missingKey();
    return "control";
  }

  return {
    worldOf,

    knows(request) {
      try {
        worldOf(request);
        return true;
      } catch {
        return false;
      }
    },

    identify(request) {
      const key = keyOf(request.headers, addressOf(request));
      if (!key) return session(request);
      const { id, email, role } = userOf(key);
      if (key.scope !== "admin") {
        throw forbidden("This key is for inference only. Use a key with the scope admin.");
      }
      return { user_id: id, email, role, via: "key" };
    },

    authenticate(request) {
      const key = keyOf(request.headers, request.address);
      if (key) return callerFor(userOf(key), key);
      const identity = session(request);
      if (!identity) throw missingKey();
      return callerFor(userOf(identity), null);
    },
  };
}

function newCaller(user: User, key: KeyRecord | null, team: Team | undefined): InferenceCaller {
  const scopes: Scope[] = [
    { kind: "user", id: user.id, spender: user.email, limits: user },
    ...(team ? [{ kind: "team" as const, id: team.id, spender: team.name, limits: team }] : []),
    ...(key ? [{ kind: "key" as const, id: key.id, spender: key.prefix, limits: key.limits }] : []),
  ];
  return Object.freeze({
    user: user.email,
    user_id: user.id,
    team: team?.name ?? null,
    key_id: key?.id ?? null,
    key_prefix: key?.prefix ?? null,
    role: user.role,
    models: allowed(scopes.map(({ limits }) => limits.models)),
    scopes,
  });
}

/** What all of LISTS have; null where none says anything. */
function allowed(lists: readonly (readonly string[] | null)[]): ReadonlySet<string> | null {
  const sets = lists.flatMap((list) => (list === null ? [] : [new Set(list)]));
  return sets.length === 0 ? null : sets.reduce((all, set) => all.intersection(set));
}

function tokenIn(headers: Sent["headers"]): string | null {
  const header = headers.get("authorization");
  // How Anthropic's older clients send it.
  return header === null ? headers.get("x-api-key") : bearerToken(header);
}

/** RFC 6750 2.1; the scheme is case-insensitive (RFC 9110 11.1). */
function bearerToken(header: string): string {
  const space = header.indexOf(" ");
  if (header.slice(0, space).toLowerCase() !== "bearer") throw missingKey();
  return header.slice(space + 1).trim();
}
