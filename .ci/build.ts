/** Compiles the product into one file: dist/hypervize, or dist/hypervize-TARGET for another machine. */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { BunPlugin } from "bun";

const root = join(import.meta.dir, "..");
const targets = ["linux-x64", "linux-arm64"] as const;
type Target = (typeof targets)[number];
const own = `linux-${process.arch}`;
// Paths in the source map are relative to it.
process.chdir(root);

const usage = `usage: bun .ci/build.ts [--target ${targets.join("|")}]
Without --target it builds for this machine. Does nothing when no source has changed.`;

/**
 * The package's main entry looks for its addon in node_modules at run time; the entry of one platform
 * names the addon's file, so that the bundler embeds it. Also reached from drizzle-orm's own import.
 */
function nativeSqlite(target: Target): BunPlugin {
  return {
    name: "native-sqlite",
    setup(build) {
      const path = Bun.resolveSync(`better-sqlite3/${target}`, root);
      build.onResolve({ filter: /^better-sqlite3$/ }, () => ({ path }));
    },
  };
}

async function compile(target: Target, file: string): Promise<void> {
  const folder = mkdtempSync(`${file}.`);
  const made = join(folder, "hypervize");
  try {
    await Bun.build({
      entrypoints: ["src/main.ts"],
      target: "bun",
      // Or JSX is compiled for debugging.
      define: { "process.env.NODE_ENV": '"production"' },
      minify: { syntax: true, whitespace: true, identifiers: false },
      // Inside the binary: a stack trace from somebody else's machine names our files and lines.
      sourcemap: "linked",
      // What is imported on demand stays apart: the page loads its plots later, a verb only what it needs.
      splitting: true,
      // Halves the time from start to the first answer, for 7 MB of file and no more memory.
      bytecode: true,
      format: "esm",
      compile: {
        target: `bun-${target}`,
        outfile: made,
        // What lies in the folder that it is started from must not change what it does.
        autoloadDotenv: false,
        autoloadBunfig: false,
      },
      plugins: [nativeSqlite(target)],
    });
    // A running binary cannot be written to, but its name can be given to another file.
    renameSync(made, file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of everything that the binary is made from, and of what makes it. */
function fingerprint(target: Target): string {
  const files = [
    ...new Bun.Glob("{src,agent,ui,migrations}/**/*").scanSync(root),
    ...new Bun.Glob("docs/*.md").scanSync(root),
    ...["package.json", "bun.lock", "tsconfig.json", ".ci/build.ts"],
  ].filter((file) => !file.endsWith(".test.ts"));
  const hash = new Bun.CryptoHasher("sha256").update(`${Bun.version} ${target}\n`);
  for (const file of files.sort()) {
    const content = readFileSync(join(root, file));
    hash.update(`${file} ${content.length}\n`).update(content);
  }
  return hash.digest("hex");
}

/** What FILE was built from, where it still is what was built. */
function builtFrom(file: string): string | undefined {
  try {
    return statSync(file).isFile() ? readFileSync(`${file}.source`, "utf8") : undefined;
  } catch {
    return undefined;
  }
}

function targetFrom(argv: readonly string[]): Target | "help" {
  const { values } = parseArgs({
    args: [...argv],
    options: { target: { type: "string", default: own }, help: { type: "boolean" } },
  });
  if (values.help) return "help";
  const target = targets.find((known) => known === values.target);
  if (!target) throw new Error(`There is no target "${values.target}".`);
  return target;
}

async function build(target: Target): Promise<string> {
  const name = target === own ? "hypervize" : `hypervize-${target}`;
  const file = join(root, "dist", name);
  const source = fingerprint(target);
  const started = performance.now();
  const upToDate = builtFrom(file) === source;
  if (!upToDate) {
    mkdirSync(join(root, "dist"), { recursive: true });
    rmSync(`${file}.source`, { force: true });
    await compile(target, file);
    writeFileSync(`${file}.source`, source);
  }
  const size = `${(statSync(file).size / 1e6).toFixed(1)} MB`;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  return `dist/${name}: ${size}, ${upToDate ? "up to date" : `built in ${seconds} s`}`;
}

function say(descriptor: "stdout" | "stderr", line: string): void {
  process[descriptor].write(`${line}\n`);
}

let target: Target | "help" | undefined;
try {
  target = targetFrom(process.argv.slice(2));
} catch (error) {
  say("stderr", `${error instanceof Error ? error.message : error}\n${usage}`);
  process.exit(2);
}
say("stdout", target === "help" ? usage : await build(target));
