/** docs/air-gap.md, steps 4 and 5: a carried checkout is installed where there is no network, no npm and no Bun. */
import { afterAll, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { Testbed } from "../appliance.testbed.ts";

const checkout = join(import.meta.dir, "../../..");
const testbed = new Testbed();
afterAll(() => testbed.end());

const isolated = ["unshare", "--map-root-user", "--net"];
const ran = (words: readonly string[], cwd: string, env: Record<string, string>) =>
  Bun.spawnSync([...words], { cwd, env, stdout: "pipe", stderr: "pipe" });
const { exitCode } = ran([...isolated, "true"], checkout, { PATH: process.env["PATH"] ?? "" });
if (exitCode !== 0)
  process.stderr.write("Installing without a network is not tried: no unshare.\n");

/** The programs of this machine, but for those that could build. */
function pathWithoutBuilders(folder: string): string {
  mkdirSync(folder);
  const builders = /^(?:npm|npx|bun|bunx|node|nodejs|corepack)$/;
  const seen = new Set<string>();
  for (const place of (process.env["PATH"] ?? "").split(delimiter)) {
    for (const name of existsSync(place) ? readdirSync(place) : []) {
      if (!builders.test(name) && !seen.has(name))
        symlinkSync(join(place, name), join(folder, name));
      seen.add(name);
    }
  }
  return folder;
}

test.skipIf(exitCode !== 0)(
  "a carried checkout is installed without a network, npm and Bun",
  () => {
    const root = testbed.folder();
    const carried = join(root, "carried");
    const built = ran(["sh", ".ci/build.sh"], checkout, { ...process.env } as Record<
      string,
      string
    >);
    expect([built.exitCode, built.stderr.toString()]).toEqual([0, expect.anything()]);
    const llama = ran(["sh", ".ci/get-llama-server.sh", ".tools/llama-server"], checkout, {
      ...process.env,
      HYPERVIZE_LLAMA_SERVER: "",
    } as Record<string, string>);
    const found = llama.stdout.toString().trim();
    for (const file of ["install.sh", ".ci", "dist/hypervize"]) {
      cpSync(join(checkout, file), join(carried, file), { recursive: true });
    }
    cpSync(dirname(found), join(carried, ".tools/llama-server"), { recursive: true });
    const env = { HOME: root, PATH: pathWithoutBuilders(join(root, "bin")) };
    const there = join(root, "there");
    const install = (line: string) => ran([...isolated, "sh", "-euc", line], carried, env);
    const appliance = install(`./install.sh --root ${there}`);
    expect([appliance.exitCode, appliance.stderr.toString()]).toEqual([0, ""]);
    const agent = install(
      `./install.sh --root ${there} --agent --join hvj_x --llama-server "$PWD/.tools/llama-server/llama-server"`,
    );
    expect([agent.exitCode, agent.stderr.toString()]).toEqual([0, ""]);
    expect(agent.stdout.toString()).toContain("taking dist/hypervize as it is");
    const link = join(there, "usr/local/lib/hypervize/llama-server");
    expect(readlinkSync(link)).toBe(join(carried, ".tools/llama-server", basename(found)));
    expect(ran([link, "--version"], carried, env).exitCode).toBe(0);
  },
  120_000,
);
