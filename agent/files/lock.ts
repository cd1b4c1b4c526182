import { link, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { identify, isAlive, type ProcessIdentity } from "../contract/process-identity.ts";
import { errorCode, isMissing } from "./durable-file.ts";

/**
 * Makes this process the one agent of a home. Returns what gives it back. Throws an Error with a sentence
 * when another agent is alive.
 */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const lock = await tryLock(path);
  if (typeof lock !== "number") return lock;
  throw new Error(
    `Another agent (process ${lock}) works in this home. Stop it, or give this one another --home.`,
  );
}

/**
 * A lock between processes of one machine: the file names its owner by pid and start time, so one that a
 * killed process left behind holds nobody up. Returns what gives it back, or the pid of the living owner.
 */
export async function tryLock(path: string): Promise<(() => Promise<void>) | number> {
  const own = identify(process.pid);
  if (own === undefined) throw new Error("/proc is not mounted. The agent cannot work without it.");
  const mine = `${path}.${process.pid}.${crypto.randomUUID()}`;
  await writeFile(mine, JSON.stringify(own), { mode: 0o600 });
  try {
    for (;;) {
      if (await linked(mine, path)) return () => removeIfThere(path);
      const text = await readIfThere(path);
      const owner = text === undefined ? undefined : parseOwner(text);
      if (owner !== undefined && isAlive(owner)) return owner.pid;
      if (text !== undefined) await clearStale(path, text, `${mine}.stale`);
    }
  } finally {
    await removeIfThere(mine);
  }
}

/** Two may see the same stale lock, and the slower one must not take away what the faster one made of it. */
async function clearStale(path: string, stale: string, aside: string): Promise<void> {
  try {
    await rename(path, aside);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  if ((await readIfThere(aside)) !== stale) await linked(aside, path);
  await removeIfThere(aside);
}

/** A link is made whole or not at all, unlike a file that is created and then written. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function parseOwner(text: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(text) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
