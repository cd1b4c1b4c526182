/**
 * A runtime as a folder that runs wherever it lies: a portable build as it is, or an executable with
 * the shared libraries that it loads and a starter beside them.
 */
import { execFile } from "node:child_process";
import { open, readdir, readFile, realpath, stat } from "node:fs/promises";
import { arch } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import type { InputFile } from "./contents.ts";
import { filesIn, type Gathered } from "./gather-model.ts";
import type { RuntimeItem } from "./manifest.ts";

/** PATH: its executable, the starter of one, or the folder of a build with NAME in it. */
export async function gatherRuntime(name: string, path: string): Promise<Gathered<RuntimeItem>> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    throw new Error(`There is no ${path} here. Say where the runtime is: --runtime ${name}=PATH.`);
  }
  const program = found.isDirectory() ? join(path, name) : await realpath(path);
  const version = await versionOf(program);
  const files = found.isDirectory() ? await folder(path) : await gatherProgram(name, program);
  return { kind: "runtime", name, version, arch: arch(), files };
}

async function gatherProgram(name: string, program: string): Promise<InputFile[]> {
  if (await isElf(program)) return withLibraries(name, { program });
  // A private build: a starter, and all that it starts in `lib` beside it (.ci/get-llama-server.sh).
  const build = dirname(program);
  const beside = await stat(join(build, "lib")).catch(() => undefined);
  if (beside?.isDirectory() && basename(program) === name) return folder(build);
  const started = startedBy(await readFile(program, "utf8"));
  if (started !== undefined) return withLibraries(name, started);
  throw new Error(
    `${program} is a script. Name the folder of the build instead: --runtime ${name}=FOLDER, with ${name} in it.`,
  );
}

export interface Started {
  program: string;
  /** ld.so(8), and the folders that it is given; the program's own loader without it. */
  loader?: { path: string; library_path: string };
}

/** What a starter script runs, where it does nothing but run a program through its own loader. */
export function startedBy(script: string): Started | undefined {
  const line = /^exec "?(\/\S*\/ld-[^\s"]*)"? --library-path "?([^\s"]+)"? "?(\/[^\s"]+)"? "\$@"$/m;
  const [, path, library_path, program] = line.exec(script) ?? [];
  if (path === undefined || library_path === undefined || program === undefined) return undefined;
  return { program, loader: { path, library_path } };
}

async function withLibraries(name: string, started: Started): Promise<InputFile[]> {
  const direct = await librariesOf(started);
  const plugins = await pluginsBeside(started, direct);
  const indirect = await Promise.all(
    plugins.map((program) => librariesOf({ ...started, program }).catch(() => [])),
  );
  const libraries = new Map(
    [...direct, ...plugins, ...indirect.flat()].map((path) => [basename(path), path]),
  );
  const loader = [...libraries.keys()].find((library) => /^ld-.*\.so/.test(library));
  if (loader === undefined) throw new Error(`${started.program} is linked statically.`);
  return [
    { name, executable: true, content: Buffer.from(starter(name, loader)) },
    { name: `lib/${name}`, executable: true, content: { path: started.program } },
    ...[...libraries].map(([library, path]) => ({
      name: `lib/${library}`,
      executable: true,
      content: { path },
    })),
  ];
}

/** Found by its own path: the folder may be moved. The same as .ci/get-llama-server.sh writes. */
const starter = (name: string, loader: string): string => `#!/bin/sh
lib=$(dirname "$(readlink -f "$0")")/lib
exec "$lib/${loader}" --library-path "$lib" "$lib/${name}" "$@"
`;

/**
 * As ldd(1) lists them, by the loader that will load them. Libraries of the NVIDIA driver stay behind:
 * they must be those of the importing host's kernel module.
 */
async function librariesOf({ program, loader }: Started): Promise<string[]> {
  const command = loader
    ? [loader.path, "--library-path", loader.library_path, "--list", program]
    : ["ldd", program];
  const [tool = "", ...rest] = command;
  const { stdout } = await promisify(execFile)(tool, rest, { timeout: 20_000 }).catch((cause) => {
    throw new Error(`The libraries of ${program} cannot be listed. Install ldd.`, { cause });
  });
  const { paths, missing } = parseLdd(stdout);
  if (missing.length > 0) {
    throw new Error(
      `${program} lacks ${missing.join(", ")} here. Install that, then export again.`,
    );
  }
  return loader && !paths.some((path) => /\/ld-[^/]*$/.test(path))
    ? [...paths, loader.path]
    : paths;
}

const of_the_driver = /^lib(?:cuda|nvidia-|nvcuvid|nvoptix)[\w.-]*\.so/;

export function parseLdd(output: string): { paths: string[]; missing: string[] } {
  const lines = output.split("\n").map((line) => line.trim());
  const paths = lines.flatMap((line) => /(?:=> |^)(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  const missing = lines.flatMap((line) => /^(\S+) => not found$/.exec(line)?.[1] ?? []);
  const ours = (path: string) => !of_the_driver.test(basename(path));
  return { paths: paths.filter(ours), missing: missing.filter(ours) };
}

/**
 * ggml opens its backends by name, so ldd does not know them: it looks beside the running executable,
 * and Debian has them in `ggml/backends*` below its libraries (ggml-backend-reg.cpp
 * `ggml_backend_load_best`). Those for other processors come along: the importing host may have them.
 */
async function pluginsBeside(
  { program }: Started,
  libraries: readonly string[],
): Promise<string[]> {
  const ggml = libraries
    .filter((path) => /^libggml[.-]/.test(basename(path)))
    .map((p) => dirname(p));
  const near = [...new Set([dirname(program), ...ggml])];
  const deeper = await Promise.all(near.map((at) => folders(join(at, "ggml"))));
  const lists = await Promise.all(
    [...near, ...deeper.flat()].map(async (at) =>
      (await readdir(at).catch(() => [])).map((name) => join(at, name)),
    ),
  );
  const known = new Set(libraries.map((path) => basename(path)));
  return lists
    .flat()
    .filter((path) => /^libggml-[\w-]+\.so$/.test(basename(path)) && !known.has(basename(path)));
}

async function folders(at: string): Promise<string[]> {
  const names = await readdir(at, { withFileTypes: true }).catch(() => []);
  return names.filter((entry) => entry.isDirectory()).map(({ name }) => join(at, name));
}

async function folder(path: string): Promise<InputFile[]> {
  return Promise.all(
    (await filesIn(path)).map(async (name) => {
      const { mode } = await stat(join(path, name));
      return { name, executable: (mode & 0o111) !== 0, content: { path: join(path, name) } };
    }),
  );
}

async function isElf(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString("latin1") === "\x7fELF";
  } finally {
    await file.close();
  }
}

async function versionOf(program: string): Promise<string> {
  const run = promisify(execFile)(program, ["--version"], { timeout: 30_000 });
  const { stdout, stderr } = await run.catch(() => {
    throw new Error(`${program} does not run here (tried --version). Export one that does.`);
  });
  return parseVersion(stdout + stderr);
}

/** The first number with dots behind it, else the first number: `version: 11669 (b-11669)`, `vLLM 0.12.0`. */
export function parseVersion(output: string): string {
  const version = /\bv?(\d+(?:\.\d+)+[A-Za-z0-9.+-]*)/.exec(output) ?? /\b(\d+)\b/.exec(output);
  return version?.[1]?.replace(/[^A-Za-z0-9.+-]/g, "").slice(0, 60) ?? "unknown";
}
