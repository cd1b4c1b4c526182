import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mailThrough, openWorld } from "./notify.testbed.ts";
import { startSmtp } from "./smtp.testbed.ts";

test("kill -9 while a mail is on its way loses no notice, and what comes twice has one id", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hypervize-outbox-"));
  const file = join(folder, "hypervize.db");
  const third = Promise.withResolvers<void>();
  const killed = Promise.withResolvers<void>();
  let messages = 0;
  const smtp = await startSmtp({
    async message() {
      messages += 1;
      if (messages !== 3) return;
      third.resolve();
      // Accepted, but nobody is there any more to hear it: the worst moment.
      await killed.promise;
    },
  });
  const before = openWorld(file, Date.now);
  before.settings.change({ mail: mailThrough(smtp) });
  before.database.$client.close();

  const program = fileURLToPath(import.meta.resolve("./outbox-process.testbed.ts"));
  const child = spawn(process.execPath, [program, file, "5"], { stdio: "inherit" });
  const exit = once(child, "exit");
  await third.promise;
  child.kill("SIGKILL");
  expect(await exit).toEqual([null, "SIGKILL"]);
  killed.resolve();
  await smtp.arrived(3);

  const after = openWorld(file, Date.now);
  expect(after.outbox.list(10).filter(({ sent_at }) => sent_at !== null)).toHaveLength(2);
  after.outbox.start();
  await smtp.arrived(6);
  await after.outbox.stop();
  const subjects = Map.groupBy(smtp.inbox, ({ headers }) => headers["subject"]);
  expect([...subjects.keys()].sort()).toEqual(
    [1, 2, 3, 4, 5].map((number) => `Endpoint number-${number} is up`),
  );
  expect(new Set(smtp.inbox.map(({ headers }) => headers["message-id"])).size).toBe(5);
  expect(after.outbox.list(10).every(({ sent_at }) => sent_at !== null)).toBe(true);
  after.database.$client.close();
  await smtp.close();
  rmSync(folder, { recursive: true, force: true });
});
