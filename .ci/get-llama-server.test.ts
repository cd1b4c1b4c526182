/** The script with the host's programs replaced where it would reach the network. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "hypervize-llama-"));
let bin = "";
let target = "";

afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(() => {
  const own = mkdtempSync(join(folder, "host-"));
  bin = join(own, "bin");
  target = join(own, "lib/llama-server");
  mkdirSync(bin);
  // A host without a server that runs, whose apt knows another distribution's mirror.
  program("llama-server", "exit 1");
  program("apt-get", '[ "$1" = indextargets ] && echo http://localhost/ubuntu/');
});

function program(name: string, text: string): string {
  const file = join(bin, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

function get(env: Record<string, string> = {}): { code: number; out: string; err: string } {
  const done = Bun.spawnSync(["/bin/sh", join(import.meta.dir, "get-llama-server.sh"), target], {
    env: { PATH: `${bin}:/usr/bin:/bin`, ...env },
  });
  return { code: done.exitCode, out: done.stdout.toString(), err: done.stderr.toString() };
}

test("one that was named is taken, or complained about, never replaced", () => {
  const named = program("my-server", "exit 0");
  program("llama-server", "exit 0");
  expect(get({ HYPERVIZE_LLAMA_SERVER: named })).toEqual({ code: 0, out: `${named}\n`, err: "" });
  const { code, out, err } = get({ HYPERVIZE_LLAMA_SERVER: "/nowhere/llama-server" });
  expect([code, out]).toEqual([1, ""]);
  expect(err).toContain("HYPERVIZE_LLAMA_SERVER is /nowhere/llama-server, which does not run");
});

test("the one on PATH is taken before anything is fetched", () => {
  const own = program("llama-server", "exit 0");
  expect(get()).toEqual({ code: 0, out: `${own}\n`, err: "" });
});

test("a release with another checksum than the pinned one is thrown away, unopened", () => {
  // As the script calls it: --output FILE URL are the last three words.
  program("curl", 'while [ "$1" != --output ]; do shift; done; echo "not the release" >"$2"');
  program("tar", `touch ${join(bin, "opened")}`);
  const { code, out, err } = get();
  expect([code, out]).toEqual([1, ""]);
  expect(err).toContain("Its checksum is wrong.");
  expect(err).toContain("put it on PATH, or set HYPERVIZE_LLAMA_SERVER");
  expect(readdirSync(bin)).not.toContain("opened");
  expect(readdirSync(join(target, ".."))).toEqual(["llama-server.lock"]);
});

test("one that came before but no longer runs does not count", () => {
  mkdirSync(target, { recursive: true });
  program("curl", "exit 22");
  writeFileSync(join(target, "llama-server"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  expect(get().code).toBe(1);
  writeFileSync(join(target, "llama-server"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  expect(get()).toEqual({ code: 0, out: `${join(target, "llama-server")}\n`, err: "" });
});
