/** Where a bundle's contents go, and as whom they are written. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { homesFrom } from "../app/config.ts";

/** A file that shows that a home is in use, by what keeps its data there. */
const in_use = { appliance: "hypervize.db", agent: join("agent", "identity.json") } as const;

/**
 * `--home` or HYPERVIZE_HOME; else the user's own home where one is in use; else the home of the service that is
 * installed here: facts go to the appliance, weights to the agent.
 */
export function importHomeFrom(
  flag: string | undefined,
  facts_only: boolean,
  homes: typeof homesFrom = homesFrom,
): string {
  const service = facts_only ? "appliance" : "agent";
  const candidates = homes(flag, [service]);
  const used = candidates.find((home) => existsSync(join(home, in_use[service])));
  // The service's home is last, and there only when it is installed.
  return used ?? candidates.at(-1) ?? "";
}

/**
 * Root continues as the owner of HOME: the service could not read files of root's. Everything that only root may open
 * must be open by then. Does nothing for another user, or where HOME does not exist yet.
 */
export function becomeOwnerOf(home: string): void {
  if (process.getuid?.() !== 0 || !existsSync(home)) return;
  const { uid, gid } = statSync(home);
  if (uid === 0) return;
  process.setgroups?.([gid]);
  process.setgid?.(gid);
  process.setuid?.(uid);
}
