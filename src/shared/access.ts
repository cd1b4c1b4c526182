/**
 * Who is asking, and what a role may do. Routes take a `Guard`; composition decides how a request
 * is recognised (session cookie or admin key).
 */
import { type Failure, forbidden, missingKey } from "./failure.ts";

export type Role = "viewer" | "member" | "admin";

const rank: Record<Role, number> = { viewer: 1, member: 2, admin: 3 };

export interface Identity {
  user_id: string;
  email: string;
  role: Role;
  via: "session" | "key";
}

/** What the sender of a request is recognised by; a `Request` of the Fetch API has it too. */
export interface Sent {
  readonly method: string;
  readonly headers: { get(name: string): string | null };
  /** For a request that has no `host` header. */
  readonly url?: string;
}

/** Finds out who sent a request; null for a guest. Throws `badKey()` for a key that is not valid. */
export type Identify = (request: Sent) => Identity | null;

/** Returns the identity when it has at least this role, else throws 401 (guest) or 403. */
export type Guard = (request: Request, least: Role) => Identity;

export function guardWith(identify: Identify): Guard {
  return (request, least) => {
    const identity = identify(request);
    if (!identity) throw missingKey() satisfies Failure;
    if (rank[identity.role] < rank[least]) throw forbidden();
    return identity;
  };
}
