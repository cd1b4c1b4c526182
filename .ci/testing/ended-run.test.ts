/** A run of the tests that is ended leaves no process behind: of whatever kind, and whoever is told to end. */
import { afterAll, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scripts } from "../../package.json";
import { alive, eventually } from "../../src/scenarios/appliance.testbed.ts";

const root = join(import.meta.dir, "../..");
const checkout = mkdtempSync(join(tmpdir(), "hypervize-ended-"));
afterAll(() => rmSync(checkout, { recursive: true, force: true }));

cpSync(join(root, ".ci"), join(checkout, ".ci"), { recursive: true });
symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"));
mkdirSync(join(checkout, "src"));
writeFileSync(
  join(checkout, "package.json"),
  JSON.stringify({ scripts: { test: scripts.test.replace("sh .ci/prepare.sh ", "") } }),
);
/** A child of the test; one in a session of its own whose parent has ended, with no variable; what that starts. */
writeFileSync(
  join(checkout, "src/tree.test.ts"),
  `import { test } from "bun:test";
import { spawn } from "node:child_process";
const note = 'echo $$ >>"$0"; ';
const stay = note + "exec sleep 600";
test("starts what would stay", async () => {
  spawn("sh", ["-c", stay, "pids"], { stdio: "ignore" });
  spawn("sh", ["-c", 'env -i PATH="$PATH" setsid sh -c \\'' + note + 'sh -c "' + stay.replace(/[$"]/g, "\\\\$&") + '" pids & exec sleep 600\\' pids & exit 0', "pids"], { stdio: "ignore" });
  await new Promise(() => {});
}, 600_000);
`,
);

async function pids(): Promise<number[]> {
  const text = await Bun.file(join(checkout, "pids"))
    .text()
    .catch(() => "");
  return text.split("\n").filter(Boolean).map(Number);
}

test.each([
  ["SIGINT", "npm"],
  ["SIGTERM", "npm"],
  // Nobody can hand that on.
  ["SIGKILL", "npm"],
  ["SIGTERM", "the runner"],
] as const)(
  "%s to %s ends all of it",
  async (signal, whom) => {
    rmSync(join(checkout, "pids"), { force: true });
    const command = whom === "npm" ? ["npm", "test", "--silent", "--"] : ["bun", ".ci/test.ts"];
    const [program = "", ...words] = command;
    const child = Bun.spawn([program, ...words, "src/tree.test.ts"], {
      cwd: checkout,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    });
    const there = await eventually("three processes stay", async () => {
      const found = await pids();
      return found.length === 3 && found;
    });
    expect(await Promise.all(there.map(alive))).toEqual([true, true, true]);
    child.kill(signal);
    await child.exited;
    await eventually("all are gone", async () => {
      const left = await Promise.all(there.map(alive));
      return !left.includes(true);
    });
  },
  60_000,
);

test("a test that ends and leaves something behind ends it, too", async () => {
  rmSync(join(checkout, "pids"), { force: true });
  writeFileSync(
    join(checkout, "src/leaves.test.ts"),
    `import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
test("leaves", async () => {
  Bun.spawn(["setsid", "sh", "-c", 'echo $$ >pids; exec sleep 600'], { env: {PATH: process.env.PATH} });
  while (!existsSync("pids")) await Bun.sleep(5);
  expect(1).toBe(1);
});
`,
  );
  const child = Bun.spawn(["bun", ".ci/test.ts", "src/leaves.test.ts"], {
    cwd: checkout,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  const said = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  expect(said.trimEnd().split("\n").at(-1)).toBe("1 passed, 0 failed");
  const [pid = 0] = await pids();
  expect([pid > 0, await alive(pid)]).toEqual([true, false]);
}, 60_000);
