/** The session cookie, and when a browser's request may use it. */
import type { Sent } from "../../../shared/access.ts";

export const cookie_name = "hv_session";
const held = new RegExp(`(?:^|;\\s*)${cookie_name}=([^;\\s]+)`);
/** The server decides when a session ends; the browser may keep the cookie for the longest time. */
const max_age_s = 7 * 24 * 3600;

export function sessionToken(request: Sent): string | null {
  return request.headers.get("cookie")?.match(held)?.[1] ?? null;
}

/** Value of `set-cookie`; TOKEN null removes the cookie. */
export function sessionCookie(request: Request, token: string | null): string {
  const age_s = token === null ? 0 : max_age_s;
  const secure = cameByHttps(request) ? "; Secure" : "";
  return `${cookie_name}=${token ?? ""}; HttpOnly; SameSite=Lax; Path=/; Max-Age=${age_s}${secure}`;
}

/** A forged x-forwarded-proto only costs the forger its own cookie, so it needs no trusted proxy. */
function cameByHttps(request: Request): boolean {
  const forwarded = request.headers.get("x-forwarded-proto");
  return new URL(request.url).protocol === "https:" || forwarded === "https";
}

/**
 * True for a state-changing request that a page of another site made: SameSite=Lax is per site, so
 * a sibling subdomain or another port needs these checks too (OWASP CSRF Prevention Cheat Sheet,
 * "Fetch Metadata" and "Verifying Origin"). Programs send neither header.
 */
export function isCrossSite(request: Sent): boolean {
  if (request.method === "GET" || request.method === "HEAD") return false;
  const site = request.headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") return true;
  const origin = request.headers.get("origin");
  const host = request.headers.get("host") ?? URL.parse(request.url ?? "")?.host;
  return origin !== null && URL.parse(origin)?.host !== host;
}
