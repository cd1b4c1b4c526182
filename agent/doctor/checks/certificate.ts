import { X509Certificate } from "node:crypto";
import { fail, type Judgement, ok, warn } from "../finding.ts";
import type { Host } from "../host.ts";

const day_ms = 86_400_000;
const soon_ms = 30 * day_ms;

/** Of the agent in HOME; undefined when it has not joined. */
export const probeCertificate = (host: Host, home: string): Promise<string | undefined> =>
  host.read(`${home}/agent/certificate.pem`);

export function judgeCertificate(pem: string | undefined, now_ms: number): Judgement {
  if (pem === undefined) return ok("No agent has joined from this home.");
  const expiry_ms = expiryOf(pem);
  const anew = "Delete agent/identity.json in the home and join again with a new token.";
  if (Number.isNaN(expiry_ms)) return fail("The agent's certificate is damaged.", anew);
  const days = Math.floor((expiry_ms - now_ms) / day_ms);
  if (expiry_ms <= now_ms) return fail("The agent's certificate has expired.", anew);
  const detail = `The agent's certificate is good for ${days} days.`;
  return expiry_ms - now_ms < soon_ms ? warn(detail, anew) : ok(detail);
}

function expiryOf(pem: string): number {
  try {
    return Date.parse(new X509Certificate(pem).validTo);
  } catch {
    return Number.NaN;
  }
}
