/** README's line for an appliance without an agent, as an administrator types it: as root, into the service's home. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { chownSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Testbed } from "./appliance.testbed.ts";

setDefaultTimeout(60_000);

const demo = join(import.meta.dir, "../../agent/weights/demo/hypervize-demo.gguf");
const service = { uid: 54_321, gid: 54_322 };
const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write("Imports as root are not tested: this is not root.\n");

const testbed = new Testbed();
afterAll(() => testbed.end());

test.skipIf(!isRoot)(
  "what root imports belongs to the owner of the home, who can read it",
  async () => {
    const world = testbed.folder();
    const bundle = join(world, "site.hvb");
    const exported = await testbed.run([
      ...["bundle", "export", bundle, "--home", world, "--model", `file://${demo}`],
    ]);
    expect([exported.err, exported.code]).toEqual(["", 0]);
    const fingerprint = /by the key ([0-9a-f]{64})\./.exec(exported.out)?.[1] ?? "";
    // The service's user reaches its home; the bundle lies where root alone can read it.
    const home = join(testbed.folder(), "home");
    mkdirSync(home);
    chownSync(home, service.uid, service.gid);
    chownSync(join(home, ".."), service.uid, service.gid);
    chownSync(world, 0, 0);
    for (const facts of [["--facts-only"], []]) {
      const words = ["bundle", "import", bundle, "--trust", fingerprint, "--home", home, ...facts];
      const imported = await testbed.run(words);
      expect([imported.err, imported.code]).toEqual(["", 0]);
      expect(imported.out).toContain(`into ${home}`);
    }
    const files = [...new Bun.Glob("**/*").scanSync({ cwd: home, dot: true, onlyFiles: false })];
    expect(files.length).toBeGreaterThan(3);
    const owners = files.map((file) => statSync(join(home, file)).uid);
    expect(new Set(owners)).toEqual(new Set([service.uid]));
    expect(readFileSync(join(home, "bundle", "models.json"), "utf8")).toContain("below_home");
  },
);
