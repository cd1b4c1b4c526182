/** What an agent does when its control plane refuses it: the host was removed, or its certificate expired. */
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { decodeJoinToken } from "./contract/protocol/join-token.ts";
import { isMissing } from "./files/durable-file.ts";
import { enrol } from "./session/enrolment.ts";
import { type Membership, writeMembership } from "./session/membership.ts";

export interface RefusedDeps {
  folder: string;
  member: Membership;
  /** The token that the agent was started with; its control plane is the member's. */
  join: string | undefined;
  server: string | undefined;
  log(line: string): void;
}

/**
 * Trades the token that the agent was started with for a new identity, and keeps the old one aside. False when there
 * is no token or it is not accepted, most often because it is the one that this host joined with before.
 */
export async function joinAgain(deps: RefusedDeps): Promise<boolean> {
  const { folder, member, join: text, server, log } = deps;
  if (text === undefined) return false;
  const token = decodeJoinToken(text);
  const addresses = server === undefined ? token.addresses : [server];
  let joined: Membership;
  try {
    joined = await enrol({ ...token, addresses });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log(`the join token that this agent was started with cannot be used: ${why}`);
    return false;
  }
  // identity.json goes first and comes last: a crash in between leaves a host that has not joined, not half of two.
  for (const name of ["identity.json", "host.pem", "ca.pem"]) {
    await setAside(join(folder, name), join(folder, `${name}.${member.host_id}`));
  }
  await writeMembership(folder, joined);
  log(
    `joined again as ${joined.host_id}; the identity of ${member.host_id} is kept beside it in ${folder}`,
  );
  return true;
}

async function setAside(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
