/** The file system of an image with the stand-in for vLLM, from files of this machine. */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Bun, a shell, and what they are linked with: a tar in FOLDER, for `import`. */
export function packStandIn(folder: string): string {
  const root = join(folder, "root");
  for (const name of ["bin", "opt", "tmp", "proc"]) {
    mkdirSync(join(root, name), { recursive: true });
  }
  const programs = { bun: process.execPath, sh: "/bin/sh", sleep: Bun.which("sleep") ?? "" };
  for (const [name, path] of Object.entries(programs)) {
    copyFileSync(path, join(root, "bin", name));
    // The loader lists the libraries instead of running it (ld.so(8)).
    const env = { LD_TRACE_LOADED_OBJECTS: "1" };
    const { stdout } = spawnSync(path, [], { env, encoding: "utf8" });
    for (const [library] of stdout.matchAll(/\/\S+/g)) {
      mkdirSync(join(root, dirname(library)), { recursive: true });
      copyFileSync(library, join(root, library));
    }
  }
  cpSync(join(import.meta.dir, "fakes"), join(root, "opt"), { recursive: true });
  const vllm = join(root, "bin", "vllm");
  writeFileSync(vllm, '#!/bin/sh\nexec bun /opt/vllm.ts "$@"\n');
  chmodSync(vllm, 0o755);
  const tar = join(folder, "root.tar");
  spawnSync("tar", ["-C", root, "--owner=0", "--group=0", "-cf", tar, "."]);
  rmSync(root, { recursive: true });
  return tar;
}
