/** Every script of package.json on a machine that has git, Node with npm and apt, and nothing else of ours. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scripts } from "../package.json";

const folder = mkdtempSync(join(tmpdir(), "hypervize-prepare-"));
const log = join(folder, "log");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function script(file: string, text: string): void {
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
}

/** Programs of this machine; apt and sudo only write down what they were asked for. */
const machine = join(folder, "machine");
mkdirSync(machine);
for (const name of ["npm", "node"]) script(join(machine, name), `exec ${Bun.which(name)} "$@"`);
for (const name of ["apt-get", "apt-cache"])
  script(join(machine, name), `echo "${name} $*" >>${log}`);
script(join(machine, "sudo"), 'shift; exec "$@"');

let checkout = "";
beforeEach(() => {
  writeFileSync(log, "");
  checkout = mkdtempSync(join(folder, "checkout-"));
  cpSync(import.meta.dir, join(checkout, ".ci"), { recursive: true });
  cpSync(join(import.meta.dir, "../package.json"), join(checkout, "package.json"));
  // What comes over the network appears when it is fetched, and not before.
  const bun = join(checkout, "bun");
  const record = `echo "$(basename "$0") $*" >>${log}; echo "no_proxy=$no_proxy" >>${log}`;
  script(
    join(checkout, ".ci/get-dependencies.sh"),
    `mkdir -p ${bun} ${checkout}/node_modules/.bin
for program in ${bun}/bun ${["biome", "tsc", "knip", "drizzle-kit"].map((name) => `${checkout}/node_modules/.bin/${name}`).join(" ")}; do
  printf '%s\\n' '#!/bin/sh' '${record}' >$program; chmod 755 $program
done
echo ${bun}`,
  );
  script(join(checkout, ".ci/get-llama-server.sh"), "echo /llama-server");
});

function npm(...words: string[]) {
  const done = Bun.spawnSync(["npm", ...words], {
    cwd: checkout,
    env: { PATH: `${machine}:/usr/bin:/bin`, HOME: folder, NO_PROXY: "example.org" },
  });
  const said = readFileSync(log, "utf8");
  return { code: done.exitCode, err: done.stderr.toString(), said };
}

const names = Object.keys(scripts) as (keyof typeof scripts)[];

test.each(names.map((name) => [name]))(
  "npm run %s works, and hands on what stands behind --",
  (name) => {
    const { code, said, err } = npm("run", "--silent", name, "--", "--short", "a b");
    expect([code, err.replace(/^Getting .*\n/gm, "")]).toEqual([0, ""]);
    if (name !== "check") expect(said).toContain("--short a b\n");
  },
);

test("check is all of the static checks, and ends at the first that fails", () => {
  expect(npm("run", "--silent", "check").said.replace(/no_proxy.*\n/g, "")).toBe(
    "biome ci .\ntsc \nknip \n",
  );
  const fetching = join(checkout, ".ci/get-dependencies.sh");
  const failing = `${checkout}/node_modules/.bin/tsc`;
  script(
    fetching,
    readFileSync(fetching, "utf8").replace(/\necho (\S+)\n$/, `\necho false >${failing}\necho $1`),
  );
  writeFileSync(log, "");
  const { code, said } = npm("run", "--silent", "check");
  expect([code, said.includes("knip")]).toEqual([1, false]);
});

test("a machine behind a proxy is not asked through it, and what the user spares stays spared", () => {
  const { said } = npm("run", "--silent", "simulate");
  expect(said).toContain("no_proxy=localhost,127.0.0.1,127.0.0.0/8,::1,example.org\n");
});

test("only the tests get what the tests need, and help needs nothing", () => {
  expect(npm("run", "--silent", "simulate").said).not.toContain("apt");
  expect(npm("run", "--silent", "bench", "--", "--help").said).not.toContain("apt");
});

test("a name that is not known is refused", () => {
  const done = Bun.spawnSync(["sh", ".ci/prepare.sh", "--only", "ngnix"], { cwd: checkout });
  expect([done.exitCode, done.stderr.toString()]).toEqual([2, "prepare.sh knows no ngnix.\n"]);
});
