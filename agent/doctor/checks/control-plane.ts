import { fail, type Judgement, ok } from "../finding.ts";
import type { Greeting, Host } from "../host.ts";

/** What each address of the control plane answered; undefined when no agent has joined from HOME. */
export async function probeControlPlane(
  host: Host,
  home: string,
): Promise<ReadonlyMap<string, Greeting> | undefined> {
  const { addresses, ca_sha256 } = identityIn(await host.read(`${home}/agent/identity.json`));
  if (addresses === undefined || ca_sha256 === undefined) return undefined;
  const greetings = addresses.map(
    async (address) => [address, await host.greets(address, ca_sha256)] as const,
  );
  return new Map(await Promise.all(greetings));
}

export function judgeControlPlane(greetings: ReadonlyMap<string, Greeting> | undefined): Judgement {
  if (greetings === undefined) return ok("No agent has joined from this home.");
  const all = [...greetings];
  const good = all.find(([, { is }]) => is === "ours");
  if (good) return ok(`${good[0]} answers, with the CA that this host has joined.`);
  const other = all.find(([, { is }]) => is === "another");
  if (other) {
    return fail(
      `${other[0]} answers with another CA than this host has joined.`,
      "Look whether something else has its address. If the control plane was reinstalled, delete agent/identity.json in the home and join again.",
    );
  }
  const words = all.map(([address, { why }]) => `${address} (${why})`).join(", ");
  return fail(
    `The control plane cannot be reached at ${words}.`,
    "Look whether it runs, and let this host open TCP connections to it: routes, firewalls, its --advertise.",
  );
}

function identityIn(text: string | undefined): { addresses?: string[]; ca_sha256?: string } {
  try {
    return JSON.parse(text ?? "{}");
  } catch {
    return {};
  }
}
