import { afterEach, expect, test } from "bun:test";
import { failed, hostDown, mailThrough, openWorld, up } from "./notify.testbed.ts";
import { reply, type Smtp, type SmtpBehaviour, startSmtp } from "./smtp.testbed.ts";

let smtp: Smtp | undefined;
afterEach(async () => {
  await smtp?.close();
  smtp = undefined;
});

async function world(behaviour: SmtpBehaviour = {}) {
  smtp = await startSmtp(behaviour);
  const parts = openWorld();
  parts.settings.change({ mail: mailThrough(smtp) });
  /** Lets time pass until the next row is due, and delivers. */
  const next = async (): Promise<void> => {
    const due = parts.outbox.list(100).filter((row) => !row.sent_at && !row.given_up);
    parts.clock.now_ms = Math.min(...due.map((row) => row.next_attempt_at));
    await parts.outbox.deliver();
  };
  return { ...parts, smtp, next };
}

test("a notice is one mail, marked when the server has accepted it", async () => {
  const { clock, outbox, smtp } = await world();
  outbox.add(failed);
  await outbox.deliver();
  await outbox.deliver();
  expect(smtp.inbox.map(({ headers }) => headers["subject"])).toEqual([
    "Endpoint chat-small failed: out of memory",
  ]);
  expect(outbox.list(10)).toMatchObject([
    {
      id: smtp.inbox[0]?.headers["x-hypervize-notice"],
      channel: "mail",
      target: "owner@example.org,ops@example.org",
      attempts: 1,
      sent_at: clock.now_ms,
      given_up: null,
      last_error: null,
    },
  ]);
});

test("a transition that is rolled back tells nobody", async () => {
  const { database, outbox, smtp } = await world();
  const broken = () =>
    database.transaction(() => {
      outbox.add(failed);
      throw new Error("the transition failed");
    });
  expect(broken).toThrow("the transition failed");
  await outbox.deliver();
  expect([outbox.list(10), smtp.connections]).toEqual([[], 0]);
});

test("two passes at once are one, and a notice between them is not lost", async () => {
  const { outbox, smtp } = await world({ message: () => Bun.sleep(0) });
  outbox.add(failed);
  const first = outbox.deliver();
  outbox.add(up);
  expect(outbox.deliver()).toBe(first);
  await first;
  expect(smtp.inbox).toHaveLength(2);
});

test("4xx, then success: it is tried again after its delay, under the same id", async () => {
  const ids: (string | undefined)[] = [];
  const { clock, log, outbox, smtp, next } = await world({
    message({ headers }) {
      ids.push(headers["message-id"]);
      if (ids.length < 3) throw reply(451, "4.7.1 try again later");
    },
  });
  const start = clock.now_ms;
  outbox.add(failed);
  await outbox.deliver();
  await outbox.deliver();
  expect(ids).toHaveLength(1);
  await next();
  expect(outbox.list(1)).toMatchObject([{ attempts: 2, last_error: "451 4.7.1 try again later" }]);
  await next();
  expect(outbox.list(1)).toMatchObject([
    { attempts: 3, last_error: null, sent_at: start + 15_000 },
  ]);
  expect([smtp.inbox.length, new Set(ids).size]).toEqual([1, 1]);
  expect(log).toHaveLength(2);
  expect(log[0]).toMatch(
    /^notify: mail ntc_\w+ \(endpoint_failed\) was not accepted, try 1, next in 5 s: 451/,
  );
});

test("a recipient who does not exist is tried three times, and the others get it once", async () => {
  const { outbox, smtp, next } = await world({
    recipient(address) {
      if (address === "owner@example.org") throw reply(550, "5.1.1 no such user");
    },
  });
  outbox.add(failed);
  for (let tries = 0; tries < 3; tries++) await next();
  expect(smtp.inbox.map(({ to }) => to)).toEqual([["ops@example.org"]]);
  const [row] = outbox.list(1);
  expect(row).toMatchObject({ attempts: 3, target: "owner@example.org", sent_at: null });
  expect(row?.given_up).toMatch(/^Refused 3 times: .*5\.1\.1 no such user/);
});

test("a wrong password is tried for a day, at once when the settings change, and never logged", async () => {
  const { log, outbox, settings, smtp, next } = await world();
  settings.change({ mail: { password: "wr0ng-one" } });
  outbox.add(failed);
  for (let tries = 0; tries < 5; tries++) await next();
  expect(outbox.list(1)).toMatchObject([{ attempts: 5, given_up: null }]);
  expect(JSON.stringify([log, outbox.list(1)])).not.toContain("wr0ng-one");
  settings.change({ mail: { password: "hunter2" } });
  outbox.retry();
  await outbox.deliver();
  expect(smtp.inbox).toHaveLength(1);
});

test("what nobody accepted within a day is given up with the last words", async () => {
  const { clock, outbox, smtp } = await world({
    message() {
      throw reply(421, "closing");
    },
  });
  outbox.add(failed);
  await outbox.deliver();
  expect(outbox.list(1)).toMatchObject([{ given_up: null }]);
  clock.now_ms += 24 * 3_600_000;
  await outbox.deliver();
  expect(outbox.list(1)[0]?.given_up).toBe("Not accepted within a day: 421 closing");
  clock.now_ms += 3_600_000;
  await outbox.deliver();
  expect(smtp.connections).toBe(2);
});

test("while a channel is off nothing is added, and what waited then is given up with the reason", async () => {
  const { outbox, settings, smtp } = await world();
  outbox.add(failed);
  settings.change({ mail: { enabled: false } });
  outbox.add(up);
  await outbox.deliver();
  expect(outbox.list(10)).toMatchObject([
    { attempts: 0, given_up: "The mail channel was switched off before this was sent." },
  ]);
  settings.change({ mail: { enabled: true } });
  await outbox.deliver();
  expect(smtp.connections).toBe(0);
});

test("a disk that cannot keep the mark does not make it a second mail", async () => {
  const { database, outbox, smtp } = await world({
    message() {
      database.$client.pragma("query_only = ON");
    },
  });
  outbox.add(failed);
  await expect(outbox.deliver()).rejects.toThrow("readonly");
  await expect(outbox.deliver()).rejects.toThrow("readonly");
  database.$client.pragma("query_only = OFF");
  await outbox.deliver();
  expect([smtp.inbox.length, outbox.list(1)[0]?.sent_at]).toEqual([1, expect.any(Number)]);
});

test("on its own it sends what is added and what waited, and stops after the one in flight", async () => {
  const inFlight = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const { outbox, smtp } = await world({
    message({ headers }) {
      if (!headers["subject"]?.startsWith("Host")) return;
      inFlight.resolve();
      return goOn.promise;
    },
  });
  outbox.add(failed);
  outbox.start();
  await smtp.arrived(1);
  outbox.add(hostDown);
  await inFlight.promise;
  outbox.add(up);
  const stopped = outbox.stop();
  goOn.resolve();
  await stopped;
  expect(
    outbox
      .list(10)
      .map(({ sent_at }) => sent_at !== null)
      .sort(),
  ).toEqual([false, true, true]);
});

test("after 30 days rows are gone", async () => {
  const { clock, outbox } = await world();
  outbox.add(failed);
  await outbox.deliver();
  clock.now_ms += 30 * 86_400_000;
  await outbox.deliver();
  expect(outbox.list(10)).toHaveLength(1);
  clock.now_ms += 3_600_000;
  await outbox.deliver();
  expect(outbox.list(10)).toEqual([]);
});

test("what was written while the clock was ahead is sent once it is right, and its retries keep their pauses", async () => {
  let isBroken = true;
  const { clock, outbox, smtp, next } = await world({
    message() {
      if (isBroken) throw reply(451, "4.7.1 try again later");
    },
  });
  const ahead_ms = 40 * 86_400_000;
  clock.now_ms += ahead_ms;
  outbox.add(failed);
  clock.now_ms -= ahead_ms;
  await outbox.deliver();
  await outbox.deliver();
  expect(outbox.list(1)).toMatchObject([{ attempts: 1, next_attempt_at: clock.now_ms + 5000 }]);
  isBroken = false;
  await next();
  expect(smtp.inbox).toHaveLength(1);
});
