/** The script with the host's programs replaced where it would reach the network. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
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

test("where an NVIDIA GPU is, one without a backend for it is replaced, kept where that fails, and told of", () => {
  mkdirSync(target, { recursive: true });
  program("curl", `touch ${join(bin, "asked-upstream")}; exit 22`);
  const blind =
    '#!/bin/sh\n[ "$1" != --list-devices ] || printf "Available devices:\\n  (none)\\n"\n';
  writeFileSync(join(target, "llama-server"), blind, { mode: 0o755 });
  expect(get()).toEqual({ code: 0, out: `${join(target, "llama-server")}\n`, err: "" });
  program("nvidia-smi", "exit 0");
  const kept = get();
  expect(kept).toMatchObject({ code: 0, out: `${join(target, "llama-server")}\n` });
  expect(kept.err).toContain("This host's apt has no Debian mirror.");
  expect(kept.err).toContain("sees no GPU: models run on the processors with it.");
  expect(readdirSync(bin)).not.toContain("asked-upstream");
  // For tests of the backend one without it is of no use.
  expect(get({ HYPERVIZE_LLAMA_BACKEND: "lavapipe" })).toMatchObject({ code: 1, out: "" });
  expect(readdirSync(bin)).not.toContain("asked-upstream");
  expect(get({ HYPERVIZE_LLAMA_BACKEND: "cpu" }).err).not.toContain("no Debian mirror");
  mkdirSync(join(target, "lib"));
  writeFileSync(join(target, "lib/libggml-vulkan.so"), "");
  expect(get().err).not.toContain("no Debian mirror");
});

test("a backend that there is none of is refused with those that there are", () => {
  const { code, err } = get({ HYPERVIZE_LLAMA_BACKEND: "cuda" });
  expect([code, err]).toEqual([
    1,
    "HYPERVIZE_LLAMA_BACKEND is cuda. It may be vulkan, lavapipe or cpu.\n",
  ]);
});

const keyring = ["gpg", "pgp"].some((end) =>
  existsSync(`/usr/share/keyrings/debian-archive-keyring.${end}`),
);

test.skipIf(!keyring)("the packages asked of Debian are those of the backend", () => {
  const asked = join(bin, "asked");
  program(
    "apt-get",
    `[ "$1" = indextargets ] && echo http://localhost/debian/ && exit; echo "$*" >>${asked}; exit 1`,
  );
  program("curl", "exit 22");
  const wanted = { cpu: [], vulkan: ["-vulkan"], lavapipe: ["-vulkan", "mesa-vulkan-drivers"] };
  for (const [backend, packages] of Object.entries(wanted)) {
    rmSync(asked, { force: true });
    get({ HYPERVIZE_LLAMA_BACKEND: backend });
    const words = readFileSync(asked, "utf8");
    expect(words).toContain("install llama.cpp-tools");
    for (const name of ["-vulkan", "mesa-vulkan-drivers"]) {
      expect(words.includes(name)).toBe(packages.some((one) => one === name));
    }
  }
});
