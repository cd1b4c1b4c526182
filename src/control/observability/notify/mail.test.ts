import { afterEach, expect, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type MailParts, mailChannel } from "./mail.ts";
import { failed, hostDown, mailThrough, openWorld, origin, up } from "./notify.testbed.ts";
import { type Smtp, type SmtpBehaviour, startSmtp } from "./smtp.testbed.ts";

let smtp: Smtp | undefined;
afterEach(async () => {
  await smtp?.close();
  smtp = undefined;
});

async function world(behaviour: SmtpBehaviour = {}, mail: Record<string, unknown> = {}) {
  smtp = await startSmtp(behaviour);
  const parts = openWorld();
  parts.settings.change({ mail: { ...mailThrough(smtp), ...mail } });
  const deliver = (notice = failed, signal = new AbortController().signal) => {
    const { mail } = parts.channels;
    return mail.deliver({ id: "ntc_1", target: mail.target(notice), notice }, signal);
  };
  return { ...parts, smtp, deliver };
}

test("a failure is reported to owner and admins over STARTTLS, in a message that says it all", async () => {
  const { smtp, deliver } = await world();
  expect(await deliver()).toMatchObject({ accepted: true, detail: "250 queued as 7" });
  const [mail] = smtp.inbox;
  expect(mail).toMatchObject({
    secure: true,
    user: "mailer",
    to: ["owner@example.org", "ops@example.org"],
    headers: {
      from: "Hypervize <hypervize@example.org>",
      to: "owner@example.org, ops@example.org",
      subject: "Endpoint chat-small failed: out of memory",
      "message-id": "<ntc_1@example.org>",
      "x-hypervize-notice": "ntc_1",
      "auto-submitted": "auto-generated",
    },
  });
  const [text, html, ...more] = mail?.parts ?? [];
  expect([text?.type, html?.type, more]).toEqual(["text/plain", "text/html", []]);
  expect(text?.text).toContain("Model: org/chat\n\nThe GPU has 8 GiB & the model needs <9 GiB>.");
  expect(text?.text).toContain("What to do next: Ask for a shorter context");
  expect(text?.text).toContain("    CUDA error: out of memory\n    größe <script>");
  expect(text?.text).toContain("Time: 2027-01-15 08:00:00 UTC");
  expect(text?.text).toContain(`${origin}/endpoints?id=endpt-1`);
  expect(html?.text).toContain("8 GiB &amp; the model needs &lt;9 GiB&gt;");
  expect(html?.text).toContain("größe &lt;script&gt;");
  expect(html?.text).not.toContain("<script>");
  expect(html?.text).not.toContain("\u001b");
  expect(html?.text).toContain(`href="${origin}/endpoints?id=endpt-1"`);
});

test("a host is reported to admins only, and an owner who is also one of them gets one message", async () => {
  const { settings, channels } = await world({}, { to: ["Owner@Example.org", "ops@example.org"] });
  expect(channels.mail.target(hostDown)).toBe("Owner@Example.org,ops@example.org");
  expect(channels.mail.target(up)).toBe("Owner@Example.org,ops@example.org");
  expect(channels.mail.target({ ...up, user_id: "usr_gone" })).not.toContain("undefined");
  settings.change({ mail: { to: [] } });
  expect(channels.mail.target(hostDown)).toBe("");
});

test("names with line breaks and other alphabets cannot add headers", async () => {
  const { smtp, deliver } = await world();
  const name = "тест\r\nBcc: thief@example.org";
  await deliver({ ...failed, endpoint: { id: "endpt-1", name, model: "m" } });
  const [mail] = smtp.inbox;
  expect(mail?.headers["subject"]).toContain("тест");
  expect(mail?.headers["bcc"]).toBeUndefined();
  expect(mail?.to).not.toContain("thief@example.org");
});

for (const method of ["PLAIN", "LOGIN"]) {
  test(`it signs in with AUTH ${method}, and a wrong password is reported without showing it`, async () => {
    const { settings, smtp, deliver } = await world({ options: { authMethods: [method] } });
    expect((await deliver()).accepted).toBe(true);
    settings.change({ mail: { password: "wr0ng" } });
    const outcome = await deliver();
    expect(outcome).toMatchObject({ accepted: false, retry: "later" });
    expect(outcome.detail).toBe("535 5.7.8 … is not the password of mailer");
    expect(smtp.inbox).toHaveLength(1);
  });
}

test("TLS from the first byte", async () => {
  const { smtp, deliver } = await world({ options: { secure: true } }, { security: "tls" });
  expect((await deliver()).accepted).toBe(true);
  expect(smtp.inbox[0]?.secure).toBe(true);
});

test("without encryption only when the admin said so", async () => {
  const behaviour = { options: { disabledCommands: ["STARTTLS"], allowInsecureAuth: true } };
  const { settings, smtp, deliver } = await world(behaviour);
  const refused = await deliver();
  expect(refused).toMatchObject({ accepted: false, retry: "later" });
  expect([smtp.inbox.length, refused.detail]).toEqual([0, expect.stringMatching(/TLS|50\d/)]);
  settings.change({ mail: { security: "none" } });
  expect((await deliver()).accepted).toBe(true);
});

test("a certificate that nobody vouches for ends it before the password is sent", async () => {
  let signIns = 0;
  const onAuth = () => {
    signIns += 1;
  };
  const { deliver } = await world({ options: { onAuth } }, { ca_pem: "" });
  const { accepted, detail } = await deliver();
  expect([accepted, signIns]).toEqual([false, 0]);
  expect(detail).toMatch(/certificate/);
});

test("a certificate of another name is refused", async () => {
  const { deliver } = await world({}, { host: "127.0.0.1" });
  expect(await deliver()).toMatchObject({ accepted: false });
});

test("a server that hangs, or is not there, is reported", async () => {
  const silent = createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const { settings } = openWorld();
  settings.change({ mail: { ...mailThrough({ port, ca_pem: "" }), user: "", password: "" } });
  const mail = channelWith({ settings: () => settings.current().mail, step_timeout_ms: 50 });
  const delivery = { id: "ntc_1", target: "ops@example.org", notice: failed };
  const hanging = await mail.deliver(delivery, new AbortController().signal);
  expect(hanging).toMatchObject({ accepted: false, retry: "later" });
  expect(hanging.detail).toBe("The server did not answer in time (GREETING_TIMEOUT).");
  silent.close();
  await once(silent, "close");
  const absent = await mail.deliver(delivery, new AbortController().signal);
  expect(absent.detail).toMatch(/ECONNREFUSED|connect/i);
});

test("a delivery that is called off ends at once", async () => {
  const taken = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const { deliver } = await world({
    message() {
      taken.resolve();
      return goOn.promise;
    },
  });
  const cut = new AbortController();
  const hanging = deliver(failed, cut.signal);
  await taken.promise;
  cut.abort();
  expect(await hanging).toMatchObject({ accepted: false, retry: "later" });
  goOn.resolve();
});

test("a password that cannot be read is reported, and nobody is asked without it", async () => {
  const { settings, smtp } = await world();
  const mail = channelWith({
    settings: () => settings.current().mail,
    password() {
      throw new Error("The key file is another.");
    },
  });
  const delivery = { id: "ntc_1", target: "ops@example.org", notice: failed };
  const outcome = await mail.deliver(delivery, new AbortController().signal);
  expect(outcome).toMatchObject({ accepted: false, detail: "The key file is another." });
  expect(smtp.connections).toBe(0);
});

function channelWith(parts: Pick<MailParts, "settings"> & Partial<MailParts>) {
  return mailChannel({
    password: () => "",
    emailOf: () => undefined,
    origin: () => origin,
    ...parts,
  });
}
