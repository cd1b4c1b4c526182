/**
 * By which certificates a host is known: exactly the one it was given, and after a renewal the new one
 * too, until that one is shown or the old one has expired. Pure.
 */
import type { hosts } from "./table.ts";

export type Certified = Pick<
  typeof hosts.$inferSelect,
  | "certificate_sha256"
  | "certificate_expires_at"
  | "next_certificate_sha256"
  | "next_certificate_expires_at"
>;

interface Pin {
  sha256: string;
  expires_at: number;
}

export function pinsOf(row: Certified): Pin[] {
  const { next_certificate_sha256: next, next_certificate_expires_at: expires_at } = row;
  const present = { sha256: row.certificate_sha256, expires_at: row.certificate_expires_at };
  return next === null || expires_at === null ? [present] : [present, { sha256: next, expires_at }];
}

/** What a connection to or from the host may show at the moment. */
export const goodPins = (row: Certified, now: number): string[] =>
  pinsOf(row).flatMap(({ sha256, expires_at }) => (expires_at > now ? [sha256] : []));

/** The row's changes when its new certificate was shown; null when SHA256 is not that one. */
export function shown(row: Certified, sha256: string): Certified | null {
  if (row.next_certificate_sha256 !== sha256 || row.next_certificate_expires_at === null)
    return null;
  return {
    certificate_sha256: sha256,
    certificate_expires_at: row.next_certificate_expires_at,
    next_certificate_sha256: null,
    next_certificate_expires_at: null,
  };
}

/** Why SHA256 is refused, which no row accepts now. */
export function refusal(rows: readonly Certified[], sha256: string | null): string {
  const expired = rows.flatMap(pinsOf).find((pin) => pin.sha256 === sha256);
  const again = "To join again, start the agent with a new token: hypervize hosts join-token.";
  if (!expired) return `This host is not a member of the fleet, or was removed. ${again}`;
  const day = new Date(expired.expires_at).toISOString().slice(0, 10);
  return `This host's certificate expired on ${day}: an agent renews it while it runs, and this one was away for too long. ${again}`;
}
