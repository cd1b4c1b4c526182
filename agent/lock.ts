import { open, readFile } from "node:fs/promises";
import { errorCode, removeDurably, writeDurably } from "./durable-file.ts";
import { identify, isAlive, type ProcessIdentity } from "./process/identity.ts";

/**
 * Makes this process the one agent of a home: the file names its owner by pid and start time, so a
 * lock that a killed agent left behind holds nobody up. Returns what gives it back. Throws an Error
 * with a sentence when another agent is alive.
 */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const own = identify(process.pid);
  if (own === undefined) throw new Error("/proc is not mounted. The agent cannot work without it.");
  const text = JSON.stringify(own);
  if (!(await createExclusively(path, text))) {
    const owner = parseOwner(await readFile(path, "utf8"));
    if (owner !== undefined && isAlive(owner)) {
      throw new Error(
        `Another agent (process ${owner.pid}) works in this home. Stop it, or give this one another --home.`,
      );
    }
    await writeDurably(path, text);
    // Of two agents that both saw a stale lock, the one whose text stayed is the owner.
    if ((await readFile(path, "utf8")) !== text) {
      throw new Error("Another agent started in this home at the same moment. Stop one of them.");
    }
  }
  return () => removeDurably(path);
}

async function createExclusively(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, "wx", 0o600);
    await file.writeFile(text);
    await file.close();
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

function parseOwner(text: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(text) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
