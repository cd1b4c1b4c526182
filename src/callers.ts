/**
 * How a request is recognised: a Bearer key or the dashboard's session, for the control API, for the
 * model list that both sides share, and for inference.
 */
import type { Identify, Identity, Role } from "./access.ts";
import { badKey, forbidden, missingKey } from "./failure.ts";

interface KeyRecord {
  id: string;
  prefix: string;
  user_id: string;
  scope: "inference" | "admin";
}

export interface CallerParts {
  /** Throws `badKey()`. */
  verify(token: string): KeyRecord;
  findUser(id: string): { email: string; role: Role } | undefined;
  session(request: Request): Identity | null;
}

export interface InferenceCaller {
  /** The address of the user, as it stands in usage rows. */
  user: string;
  user_id: string;
  key_id: string | null;
  key_prefix: string | null;
  role: Role;
}

export interface Callers {
  identify: Identify;
  /** Whether a request asks as an application or as a person or program that manages. */
  worldOf(request: Request): "control" | "inference";
  authenticate(request: Request): InferenceCaller;
}

export function callersFrom({ verify, findUser, session }: CallerParts): Callers {
  const keyOf = (request: Request): (KeyRecord & { email: string; role: Role }) | null => {
    const header = request.headers.get("authorization");
    if (header === null) return null;
    const record = verify(bearerToken(header));
    const user = findUser(record.user_id);
    if (!user) throw badKey();
    return { ...record, email: user.email, role: user.role };
  };

  return {
    identify(request) {
      const key = keyOf(request);
      if (!key) return session(request);
      if (key.scope !== "admin") {
        throw forbidden("This key is for inference only. Use a key with the scope admin.");
      }
      return { user_id: key.user_id, email: key.email, role: key.role, via: "key" };
    },

    worldOf(request) {
      const key = keyOf(request);
      if (key) return key.scope === "admin" ? "control" : "inference";
      if (!session(request)) throw missingKey();
      return "control";
    },

    authenticate(request) {
      const key = keyOf(request);
      const caller = key ?? session(request);
      if (!caller) throw missingKey();
      return {
        user: caller.email,
        user_id: caller.user_id,
        key_id: key?.id ?? null,
        key_prefix: key?.prefix ?? null,
        role: caller.role,
      };
    },
  };
}

/** RFC 6750 2.1; the scheme is case-insensitive (RFC 9110 11.1). */
function bearerToken(header: string): string {
  const space = header.indexOf(" ");
  if (header.slice(0, space).toLowerCase() !== "bearer") throw missingKey();
  return header.slice(space + 1).trim();
}
