import { X509Certificate } from "node:crypto";
import { fail, type Judgement, ok, warn } from "../finding.ts";
import type { Host } from "../host.ts";

const day_ms = 86_400_000;

/** Of the agent in HOME; undefined when it has not joined. */
export async function probeCertificate(host: Host, home: string): Promise<string | undefined> {
  const folder = `${home}/agent`;
  return (await host.read(`${folder}/host.pem`)) ?? host.read(`${folder}/certificate.pem`);
}

const join_again = "Delete agent/identity.json in the home and join again with a new token.";

/** PEM: may have the key beside it. An agent renews it after two thirds of its life. */
export function judgeCertificate(pem: string | undefined, now_ms: number): Judgement {
  if (pem === undefined) return ok("No agent has joined from this home.");
  const { from_ms, to_ms } = lifeOf(pem);
  if (Number.isNaN(to_ms)) return fail("The agent's certificate is damaged.", join_again);
  if (to_ms <= now_ms) return fail("The agent's certificate has expired.", join_again);
  const detail = `The agent's certificate is good for ${daysBetween(now_ms, to_ms)} days.`;
  if (to_ms - now_ms > (to_ms - from_ms) / 4) return ok(detail);
  return warn(
    `${detail} It should have been renewed by now.`,
    "Start the agent and let it reach the control plane; its log says why it could not.",
  );
}

/** Of the fleet that HOME's agent has joined, or that HOME's appliance is; undefined for neither. */
export async function probeAuthority(host: Host, home: string): Promise<string | undefined> {
  return (await host.read(`${home}/ca/authority.pem`)) ?? host.read(`${home}/agent/ca.pem`);
}

const authority_soon_ms = 90 * day_ms;

export function judgeAuthority(pem: string | undefined, now_ms: number): Judgement {
  if (pem === undefined) return ok("There is none in this home.");
  const { to_ms } = lifeOf(pem);
  if (Number.isNaN(to_ms)) return fail("The fleet's CA is damaged.", "Restore it from a backup.");
  const renewed =
    "In a quiet hour stop the appliance, move the folder `ca` out of its home, and start it: it makes a new CA. Then let every host join again: delete agent/identity.json in its home and start its agent with a new token.";
  if (to_ms <= now_ms) return fail("The fleet's CA has expired: no host can connect.", renewed);
  const detail = `The fleet's CA is good for ${daysBetween(now_ms, to_ms)} days.`;
  return to_ms - now_ms <= authority_soon_ms ? warn(detail, renewed) : ok(detail);
}

const daysBetween = (from_ms: number, to_ms: number): number =>
  Math.floor((to_ms - from_ms) / day_ms);

function lifeOf(pem: string): { from_ms: number; to_ms: number } {
  const [certificate = ""] =
    pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/) ?? [];
  try {
    const { validFrom, validTo } = new X509Certificate(certificate);
    return { from_ms: Date.parse(validFrom), to_ms: Date.parse(validTo) };
  } catch {
    return { from_ms: Number.NaN, to_ms: Number.NaN };
  }
}
