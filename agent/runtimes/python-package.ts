import { readdir, realpath } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/** A program that Python's installer put into an environment. */
export interface PythonProgram {
  /** The script itself, after links. */
  path: string;
  /** The interpreter beside it; undefined where there is none. */
  python: string | undefined;
  version: string;
}

/**
 * Finds EXECUTABLE (a path, or a name on PATH) and the version of PACKAGE that it belongs to, from the
 * metadata beside it: asking the program itself takes it half a minute of imports, and a host that
 * greets its control plane must not wait for that.
 */
export async function pythonProgram(
  executable: string,
  name: string,
): Promise<PythonProgram | undefined> {
  const found = Bun.which(executable);
  if (found === null) return undefined;
  // A link such as /usr/local/bin/vllm leads into the environment. Its interpreter is not resolved:
  // that is a link too, out of it.
  const path = await realpath(resolve(found));
  const bin = dirname(path);
  const python = Bun.which("python3", { PATH: bin }) ?? undefined;
  return { path, python, version: (await versionIn(dirname(bin), name)) ?? "unknown" };
}

/** Looks in PREFIX/lib/python3.N/site-packages, or dist-packages as Debian has it, for NAME-VERSION.dist-info. */
async function versionIn(prefix: string, name: string): Promise<string | undefined> {
  for (const lib of ["lib", "lib64", "local/lib"]) {
    const pythons = (await namesIn(join(prefix, lib))).filter((entry) => /^python3/.test(entry));
    for (const python of pythons) {
      for (const packages of ["site-packages", "dist-packages"]) {
        const entries = await namesIn(join(prefix, lib, python, packages));
        const info = entries.find((entry) => entry.startsWith(`${name}-`) && dist_info.test(entry));
        if (info !== undefined) return dist_info.exec(info)?.[1];
      }
    }
  }
  return undefined;
}

const dist_info = /^[^-]+-(.+)\.dist-info$/;

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

/** True when VERSION ("0.10.1.post2", "0.30.0+cu129") is at least WANTED ("0.10.1"); true for an unknown one. */
export function isAtLeast(version: string, wanted: string): boolean {
  const numbers = (text: string) => (/^\d+(?:\.\d+)*/.exec(text)?.[0] ?? "").split(".").map(Number);
  if (!/^\d/.test(version)) return true;
  const [mine, theirs] = [numbers(version), numbers(wanted)];
  for (const [at, part] of theirs.entries()) {
    if ((mine[at] ?? 0) !== part) return (mine[at] ?? 0) > part;
  }
  return true;
}
