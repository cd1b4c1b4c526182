/** The benchmark's own programs, in C so that they are never what is measured. */
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dir, "../../.tools/bench");
const headers = ["net.h", "answer.h"];

export interface Programs {
  /** Takes llama-server's place. */
  mock: string;
  load: string;
}

/** Compiles what is older than its source. Throws a sentence when this machine has no C compiler. */
export function buildPrograms(): Programs {
  return { mock: build("mock", ["mock.c"]), load: build("load", ["load.c", "answer.c"]) };
}

export const compiler = (): string | null => Bun.which("cc") ?? Bun.which("gcc") ?? null;

function build(name: string, sources: readonly string[]): string {
  const made = join(folder, name);
  const from = [...sources, ...headers].map((file) => join(import.meta.dir, file));
  if (from.every((file) => changedAt(file) < changedAt(made))) return made;
  const cc = compiler();
  if (!cc) {
    throw new Error(
      "The benchmark needs a C compiler. Install it as root: apt-get install gcc libc6-dev nginx-light",
    );
  }
  mkdirSync(folder, { recursive: true });
  const files = sources.map((file) => join(import.meta.dir, file));
  const done = Bun.spawnSync([cc, "-O2", "-Wall", "-Wextra", "-o", made, ...files]);
  if (done.exitCode === 0) return made;
  throw new Error(`${name} could not be compiled. Is libc6-dev installed? ${done.stderr}`);
}

const changedAt = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
