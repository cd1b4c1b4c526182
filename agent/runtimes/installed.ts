/** Runtimes that came in bundles: HOME/runtimes/NAME-VERSION, each with NAME in it (agent/bundle/place.ts). */
import { access, constants, readdir } from "node:fs/promises";
import { join, resolve } from "node:path";

/** The executable of the newest NAME in HOME; undefined when none came. */
export async function installedRuntime(home: string, name: string): Promise<string | undefined> {
  const folder = resolve(home, "runtimes");
  const names = await readdir(folder).catch(() => []);
  const newest = newestFirst(names.filter((entry) => entry.startsWith(`${name}-`)));
  for (const entry of newest) {
    const path = join(folder, entry, name);
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return path;
  }
  return undefined;
}

/** By the numbers in them: 0.10 is newer than 0.9. */
export function newestFirst(names: readonly string[]): string[] {
  const { compare } = new Intl.Collator("en", { numeric: true });
  return [...names].sort((one, other) => compare(other, one));
}
