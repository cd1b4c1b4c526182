/** install.sh below a folder of its own, from a checkout whose build does nothing: nobody's machine changes. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "hypervize-install-"));
const checkout = join(folder, "checkout");
const llamaServer = join(folder, "llama-server");
let root = "";

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function script(file: string, text: string): void {
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
}

cpSync(import.meta.dir, join(checkout, ".ci"), { recursive: true });
cpSync(join(import.meta.dir, "../install.sh"), join(checkout, "install.sh"));
mkdirSync(join(checkout, "dist"));
script(join(checkout, ".ci/build.sh"), "exit 0");
script(join(checkout, "dist/hypervize"), "echo 1");
script(llamaServer, "exit 0");

beforeEach(() => {
  root = mkdtempSync(join(folder, "root-"));
});

function install(...words: string[]): { code: number; out: string; err: string } {
  const done = Bun.spawnSync([join(checkout, "install.sh"), ...words], {
    env: { PATH: process.env["PATH"], HOME: folder, HYPERVIZE_LLAMA_SERVER: llamaServer },
  });
  return { code: done.exitCode, out: done.stdout.toString(), err: done.stderr.toString() };
}

const below = (path: string): string => join(root, path);
const read = (path: string): string => readFileSync(below(path), "utf8");
const mode = (path: string): number => statSync(below(path)).mode & 0o777;

const binary = "usr/local/bin/hypervize";
const unit = (name: string): string => `etc/systemd/system/${name}.service`;
const options = (name: string): string => `etc/hypervize/${name}.env`;

test("help is given, and what makes no sense is refused in one line", () => {
  expect(install("--help")).toMatchObject({ code: 0, err: "" });
  const wrong = [
    ["--demmo"],
    ["--port"],
    ["--port", "http"],
    ["--detach"],
    ["--join", "token"],
    ["--purge"],
    ["--demo", "--agent"],
    ["--agent", "--join", "$(reboot)"],
    ["--agent", "--root", root],
  ];
  for (const words of wrong) {
    const { code, out, err } = install(...words);
    expect([words, code, out, err.split("\n").length]).toEqual([words, 2, "", 2]);
  }
});

test("the appliance's service starts a program that is there, on a folder that is its own", () => {
  expect(install("--root", root, "--port", "9000")).toMatchObject({ code: 0, err: "" });
  const [program = "", ...words] =
    /^ExecStart=(.*)$/m.exec(read(unit("hypervize")))?.[1]?.split(" ") ?? [];
  expect(mode(program)).toBe(0o755);
  expect(mode(words[words.indexOf("--home") + 1] ?? "")).toBe(0o700);
  expect(read(options("hypervize"))).toBe("OPTIONS=--port 9000\n");
});

test("a new port takes the place of the old one, and every other option stays", () => {
  expect(install("--root", root).out).toContain("Installed");
  expect(install("--root", root).out).toContain("up to date");
  expect(install("--root", root, "--port", "9000").out).toContain("Installed");
  const write = (text: string) => writeFileSync(below(options("hypervize")), text);
  write(
    "# ours\nOPTIONS=--agent-port 9443 --port 9000 --advertise a:1\nHF_ENDPOINT=http://mirror\n",
  );
  expect(install("--root", root, "--port", "80").out).toContain(":80.");
  expect(read(options("hypervize"))).toBe(
    "# ours\nOPTIONS=--port 80 --agent-port 9443 --advertise a:1\nHF_ENDPOINT=http://mirror\n",
  );
  write('OPTIONS="--advertise a:1"\n');
  install("--root", root, "--port", "81");
  expect(read(options("hypervize"))).toBe('OPTIONS="--port 81 --advertise a:1"\n');
});

test("installing again changes nothing and keeps options and data", () => {
  install("--root", root, "--port", "9000");
  writeFileSync(below("var/lib/hypervize/hypervize.db"), "data");
  const files = [binary, unit("hypervize"), options("hypervize")];
  const before = files.map((file) => statSync(below(file)).ino);
  const { code, out } = install("--root", root);
  expect(code).toBe(0);
  expect(out).toContain(":9000");
  expect(files.map((file) => statSync(below(file)).ino)).toEqual(before);
  expect(read("var/lib/hypervize/hypervize.db")).toBe("data");
});

test("a new program takes the old one's name, because the old one may be running", () => {
  install("--root", root);
  const before = statSync(below(binary)).ino;
  script(join(checkout, "dist/hypervize"), "echo 2");
  install("--root", root);
  expect(read(binary)).toContain("echo 2");
  expect(statSync(below(binary)).ino).not.toBe(before);
});

test("the agent's token stands where only root reads it, and its runtimes survive it", () => {
  expect(install("--root", root, "--agent", "--join", "hvj_abc.DEF-1")).toMatchObject({ code: 0 });
  expect(read(options("hypervize-agent"))).toBe("OPTIONS=\nHYPERVIZE_JOIN_TOKEN=hvj_abc.DEF-1\n");
  expect(mode(options("hypervize-agent"))).toBe(0o600);
  expect(read(unit("hypervize-agent"))).not.toContain("hvj_abc");
  expect(read(unit("hypervize-agent"))).toContain("\nKillMode=process\n");
  const first = /^Environment=PATH=([^:]+)/m.exec(read(unit("hypervize-agent")))?.[1] ?? "";
  expect(realpathSync(join(below(first), "llama-server"))).toBe(realpathSync(llamaServer));
  expect(install("--root", root, "--agent")).toMatchObject({ code: 0 });
  expect(read(options("hypervize-agent"))).toContain("hvj_abc");
});

test("a llama-server that was named is used, and stays at the next installation; one that does not run is refused", () => {
  const own = join(folder, "own-llama-server");
  script(own, "exit 0");
  const link = below("usr/local/lib/hypervize/llama-server");
  const agent = ["--root", root, "--agent", "--join", "hvj_1"];
  expect(install(...agent, "--llama-server", own)).toMatchObject({ code: 0 });
  expect(realpathSync(link)).toBe(realpathSync(own));
  // Without the variable of these tests, which is the word of whoever installs.
  const env = { PATH: `${folder}:${process.env["PATH"]}`, HOME: folder };
  script(join(folder, "llama-server"), "exit 0");
  const again = Bun.spawnSync([join(checkout, "install.sh"), "--root", root, "--agent"], { env });
  expect(again.exitCode).toBe(0);
  expect(realpathSync(link)).toBe(realpathSync(own));
  const missing = install(...agent, "--llama-server", join(folder, "nowhere"));
  expect(missing.code).toBe(1);
  expect(missing.err).toContain("nowhere, which does not run");
  expect(install("--root", root, "--llama-server", own)).toMatchObject({ code: 2 });
});

test("another token takes the place of the first, and every other option stays", () => {
  install("--root", root, "--agent", "--join", "hvj_1");
  writeFileSync(
    below(options("hypervize-agent")),
    "OPTIONS=--label a=b --join hvj_1 --tunnel\nHYPERVIZE_JOIN_TOKEN=hvj_1\nHF_HOME=/hf\n",
  );
  install("--root", root, "--agent", "--join", "hvj_2/+=");
  expect(read(options("hypervize-agent"))).toBe(
    "OPTIONS=--label a=b --tunnel\nHF_HOME=/hf\nHYPERVIZE_JOIN_TOKEN=hvj_2/+=\n",
  );
});

test("an agent that has joined is installed again without a token", () => {
  install("--root", root, "--agent", "--join", "hvj_1");
  install("--root", root, "--uninstall", "--agent");
  expect(install("--root", root, "--agent").code).toBe(2);
  mkdirSync(below("var/lib/hypervize-agent/agent"));
  writeFileSync(below("var/lib/hypervize-agent/agent/identity.json"), "{}");
  expect(install("--root", root, "--agent")).toMatchObject({ code: 0, err: "" });
});

test("nothing in the agent's service closes the GPUs, the temporary folders or people's caches to it", () => {
  install("--root", root, "--agent", "--join", "token");
  const closing =
    /^(?:ProtectClock|PrivateDevices|DevicePolicy|DeviceAllow|PrivateTmp|ProtectSystem=strict|MemoryDenyWriteExecute).*/gm;
  expect(read(unit("hypervize-agent")).match(closing)).toBeNull();
});

test.skipIf(Bun.which("systemd-analyze") === null)(
  "systemd takes every word of the units (where systemd-analyze is installed)",
  () => {
    install("--root", root);
    install("--root", root, "--agent", "--join", "token");
    for (const name of ["hypervize", "hypervize-agent"]) {
      // Of the program, only that it is there is checked.
      const text = read(unit(name)).replace("/usr/local/bin/hypervize", below(binary));
      writeFileSync(below(unit(name)), text);
      const done = Bun.spawnSync(["systemd-analyze", "verify", "--man=no", below(unit(name))]);
      expect([name, done.stderr.toString(), done.exitCode]).toEqual([name, "", 0]);
    }
  },
);

test("uninstalling leaves the data, purging does not", () => {
  install("--root", root);
  install("--root", root, "--agent", "--join", "token");
  install("--root", root, "--uninstall", "--agent");
  expect(
    [unit("hypervize-agent"), unit("hypervize"), binary].map((f) => existsSync(below(f))),
  ).toEqual([false, true, true]);
  expect(install("--root", root, "--uninstall")).toMatchObject({ code: 0, err: "" });
  for (const gone of [unit("hypervize"), binary, "usr/local/lib/hypervize", "etc/hypervize"]) {
    expect([gone, existsSync(below(gone))]).toEqual([gone, false]);
  }
  expect(existsSync(below("var/lib/hypervize"))).toBe(true);
  expect(install("--root", root, "--uninstall", "--purge")).toMatchObject({ code: 0, err: "" });
  expect(existsSync(below("var/lib/hypervize"))).toBe(false);
  expect(existsSync(below("var/lib/hypervize-agent"))).toBe(false);
  expect(install("--root", root, "--uninstall")).toMatchObject({ code: 0, err: "" });
});
