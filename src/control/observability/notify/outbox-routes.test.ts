import { afterAll, beforeAll, expect, test } from "bun:test";
import { guard, httpWith, people, play, requestAs } from "../../../app/access.testbed.ts";
import { failed, mailThrough, openWorld } from "./notify.testbed.ts";
import { outboxRoutes } from "./outbox-routes.ts";
import { reply, type Smtp, startSmtp } from "./smtp.testbed.ts";

let smtp: Smtp;
let refuses = false;
beforeAll(async () => {
  smtp = await startSmtp({
    message() {
      if (refuses) throw reply(554, "5.7.1 we do not want this");
    },
  });
});
afterAll(() => smtp.close());

function open() {
  const parts = openWorld();
  const { settings, outbox, channels, clock } = parts;
  const http = httpWith([outboxRoutes({ outbox, channels, guard, now: () => clock.now_ms })]);
  settings.change({
    mail: mailThrough(smtp),
    webhook: { enabled: true, url: "http://127.0.0.1:1/T0KEN", secret: "shared" },
  });
  outbox.add(failed);
  return { ...parts, http };
}

const world = () => open().http;
const adminOnly = (status: number) => ({ guest: 401, viewer: 403, member: 403, admin: status });
const send = { method: "POST", path: "/api/settings/test", hides: ["hunter2", "T0KEN", "shared"] };
const list = { method: "GET", hides: ["T0KEN", "hunter2", "shared"] };

play(world, [
  {
    ...list,
    name: "the outbox",
    path: "/api/notifications",
    status: adminOnly(200),
    shows: [
      '"target":"owner@example.org, ops@example.org"',
      '"target":"http://127.0.0.1:1"',
      '"subject":"Endpoint chat-small failed: out of memory"',
      '"state":"waiting"',
    ],
  },
  { ...list, name: "no row", path: "/api/notifications?limit=0", status: adminOnly(400) },
  { ...list, name: "too many", path: "/api/notifications?limit=501", status: adminOnly(400) },
  { ...list, name: "a word", path: "/api/notifications?limit=all", status: adminOnly(400) },
  {
    ...send,
    name: "a test mail",
    body: { channel: "mail" },
    status: adminOnly(200),
    shows: ['{"accepted":true,"detail":"250 queued as 7"}'],
  },
  { ...send, name: "nobody takes it", body: { channel: "webhook" }, status: adminOnly(502) },
  { ...send, name: "an unknown channel", body: { channel: "pigeon" }, status: adminOnly(400) },
  { ...send, name: "no channel", body: {}, status: adminOnly(400) },
]);

test("a test that the server refuses is answered with the server's words", async () => {
  const { http, outbox } = open();
  refuses = true;
  const response = await http.handle(requestAs("admin", ...post, { channel: "mail" }));
  refuses = false;
  const { error } = await response.json();
  expect([response.status, error]).toMatchObject([
    502,
    { code: "not_accepted", message: expect.stringContaining("554 5.7.1 we do not want this.") },
  ]);
  expect(outbox.list(10)).toHaveLength(2);
});

test("a test goes out before the channel is switched on, to the asker when nobody else is named", async () => {
  const { http, settings } = open();
  settings.change({ mail: { enabled: false, to: [] } });
  const before = smtp.inbox.length;
  const response = await http.handle(requestAs("admin", ...post, { channel: "mail" }));
  expect(response.status).toBe(200);
  expect(smtp.inbox[before]?.to).toEqual([people.admin.email]);
});

test("a test of what is not set up says what to save first", async () => {
  const { http, settings } = open();
  settings.change({
    mail: { enabled: false, host: "" },
    webhook: { enabled: false, url: "" },
  });
  for (const channel of ["mail", "webhook"]) {
    const response = await http.handle(requestAs("admin", ...post, { channel }));
    const { error } = await response.json();
    expect([response.status, error.code]).toEqual([409, "channel_not_set_up"]);
  }
});

test("newest first, and no more than asked for", async () => {
  const { http, outbox, clock } = open();
  clock.now_ms += 1;
  outbox.add({ ...failed, kind: "endpoint_deleted" });
  const response = await http.handle(requestAs("admin", "GET", "/api/notifications?limit=3"));
  const { data } = await response.json();
  expect(data).toHaveLength(3);
  expect(data[0].kind).toBe("endpoint_deleted");
  expect(data[2].kind).toBe("endpoint_failed");
});

const post = ["POST", "/api/settings/test"] as const;
