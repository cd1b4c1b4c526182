/**
 * A power cut: the appliance's home lies on a separate disk, whose blocks are copied at a moment. What is on the copy
 * is what a cut at that moment leaves.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import SQLite from "better-sqlite3";
import { Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";

const obstacle = whyNoDisk();
if (obstacle !== null) process.stderr.write(`Power cuts are not tested: ${obstacle}.\n`);

/** Null when a disk can be made here. */
function whyNoDisk(): string | null {
  if (process.getuid?.() !== 0) return "a separate disk needs root";
  if (!existsSync("/dev/loop-control")) return "there are no loop devices";
  return Bun.which("mkfs.ext4") ? null : "there is no mkfs.ext4 (package e2fsprogs)";
}

function sh(line: string): void {
  const { exitCode, stderr } = Bun.spawnSync(["sh", "-ec", line]);
  if (exitCode !== 0) throw new Error(`${line}: ${stderr}`);
}

describe.skipIf(obstacle !== null)("after a power cut", () => {
  const outside = new Testbed();
  const testbed = new Testbed();
  let folder = "";
  let appliance: ApplianceProcess;

  beforeAll(async () => {
    folder = outside.folder();
    for (const name of ["live", "after"]) mkdirSync(join(folder, name));
    sh(`cd ${folder}; truncate -s 200M disk; mkfs.ext4 -q disk; mount -o loop disk live; sync`);
    const home = join(folder, "live", "home");
    mkdirSync(home);
    appliance = await ApplianceProcess.create(testbed, "127.0.0.1", [], home);
  }, 60_000);
  afterAll(async () => {
    await testbed.end();
    sh(`umount ${folder}/live`);
    await outside.end();
  }, 30_000);

  /** What LOOK finds in the home that is left by a cut now. */
  function cut<Found>(look: (home: string, database: SQLite.Database) => Found): Found {
    sh(`cd ${folder}; cp --sparse=always disk cut; mount -o loop cut after`);
    try {
      const home = join(folder, "after", basename(appliance.home));
      const database = new SQLite(join(home, "hypervize.db"));
      try {
        return look(home, database);
      } finally {
        database.close();
      }
    } finally {
      sh(`umount ${folder}/after`);
    }
  }

  test("what the first start made is there, as soon as it answers", async () => {
    const found = cut((home, database) => ({
      admins: database.prepare("select count(*) from users").pluck().get(),
      keys: database.prepare("select count(*) from api_keys").pluck().get(),
      admin_key: readFileSync(join(home, "admin-key"), "utf8").trim(),
      login: JSON.parse(readFileSync(join(home, "first-login.json"), "utf8")).email,
      secret_bytes: statSync(join(home, "secret.key")).size,
      authority: readFileSync(join(home, "ca", "authority.pem"), "utf8").slice(0, 10),
    }));
    expect(found).toEqual({
      admins: 1,
      keys: 1,
      admin_key: await appliance.adminKey(),
      login: "admin@hypervize.local",
      secret_bytes: 32,
      authority: "-----BEGIN",
    });
  });

  test("a new key is there and a revoked one is revoked, as soon as it was answered", async () => {
    const old = await appliance.createKey("old");
    sh("sync");
    const fresh = await appliance.createKey("fresh");
    await appliance.api(`/api/keys/${old.id}`, undefined, "DELETE");
    const rows = cut((_, database) =>
      database.prepare("select id, revoked_at is null as good from api_keys").all(),
    );
    expect(rows).toContainEqual({ id: fresh.id, good: 1 });
    expect(rows).toContainEqual({ id: old.id, good: 0 });
  });
});
