import { expect, test } from "bun:test";
import { openDatabase } from "../storage/database.ts";
import { secretsWith } from "../storage/secrets.ts";
import { s3Access } from "./s3-access.ts";
import { Settings } from "./settings.ts";
import { settings as table } from "./table.ts";

const secrets = secretsWith(new Uint8Array(32).fill(1));
const relay = {
  host: "smtp.example.org",
  user: "mailer",
  password: "hunter2",
  from: "hv@example.org",
};

function world() {
  const database = openDatabase(":memory:");
  return { database, settings: new Settings(database, secrets) };
}

test("before anybody said anything, the defaults hold", () => {
  expect(world().settings.current()).toEqual({
    mail: {
      enabled: false,
      host: "",
      port: 587,
      security: "starttls",
      ca_pem: "",
      user: "",
      from: "",
      to: [],
      has_password: false,
    },
    webhook: { enabled: false, url: "", has_secret: false },
    retention: { raw_hours: 24, minute_days: 30, hour_days: 365 },
    endpoints: { default_idle_timeout_s: 900, build_timeout_s: 1800, unready_timeout_s: 300 },
    alerts: { disk_free_percent: 10, throttle_minutes: 5, power_cap: false },
    s3: {
      endpoint: "",
      region: "",
      access_key_id: "",
      path_style: true,
      ca_pem: "",
      has_secret_access_key: false,
    },
  });
});

test("a change keeps what it does not name, tells listeners once, and survives a restart", () => {
  const { database, settings } = world();
  let heard = 0;
  settings.onChange(() => heard++);
  settings.change({ mail: relay, endpoints: { build_timeout_s: 60 } });
  settings.change({ mail: { port: 25 } });
  expect(heard).toBe(2);
  const again = new Settings(database, secrets);
  expect(again.current()).toEqual(settings.current());
  expect(again.current().mail).toMatchObject({ host: relay.host, port: 25, has_password: true });
  expect(again.current().endpoints).toMatchObject({
    default_idle_timeout_s: 900,
    build_timeout_s: 60,
  });
  expect(again.secret("mail")).toBe("hunter2");
});

test("a secret stays when it is absent, goes when it is empty, and is sealed on disk", () => {
  const { database, settings } = world();
  settings.change({ mail: relay, webhook: { secret: "shared" } });
  const stored = JSON.stringify(database.select().from(table).all());
  expect(stored).not.toContain("hunter2");
  expect(stored).not.toContain("shared");
  settings.change({ webhook: { secret: "" } });
  expect([settings.secret("mail"), settings.secret("webhook")]).toEqual(["hunter2", ""]);
  expect(settings.current().webhook.has_secret).toBe(false);
  expect(JSON.stringify(settings.current())).not.toContain("hunter2");
});

test("a store of S3 is opened by what was set, and its secret is sealed and never shown", () => {
  const { database, settings } = world();
  expect(s3Access(settings)).toBeNull();
  const s3 = { endpoint: "https://minio:9000/", access_key_id: "id", secret_access_key: "s3_key" };
  const shown = settings.change({ s3 });
  expect(shown.s3).toMatchObject({ access_key_id: "id", has_secret_access_key: true });
  expect(JSON.stringify(shown)).not.toContain("s3_key");
  expect(JSON.stringify(database.select().from(table).all())).not.toContain("s3_key");
  expect(s3Access(settings)).toEqual({
    ...s3,
    endpoint: "https://minio:9000",
    region: "",
    path_style: true,
    ca_pem: "",
  });
  settings.change({ s3: { endpoint: "" } });
  expect(s3Access(settings)).toBeNull();
});

test("with another key file all starts, and only the secrets are lost", () => {
  const { database, settings } = world();
  settings.change({ mail: relay });
  const moved = new Settings(database, secretsWith(new Uint8Array(32).fill(2)));
  expect(moved.current()).toEqual(settings.current());
  expect(() => moved.secret("mail")).toThrow("is not the one these secrets were sealed with");
  moved.change({ mail: { password: "again" } });
  expect(moved.secret("mail")).toBe("again");
});

test("one secret's sealed text is no good as the other", () => {
  const { database, settings } = world();
  settings.change({ mail: relay, webhook: { url: "https://example.org", secret: "shared" } });
  const [mail] = database.select().from(table).all();
  const stolen = { url: "https://evil.example", sealed: mail?.value["sealed"] };
  database.update(table).set({ value: stolen }).run();
  expect(() => new Settings(database, secrets).secret("webhook")).toThrow("sealed with");
});

test("a stored value that is not accepted any more gives way to its default", () => {
  const { database } = world();
  const value = { raw_hours: 1_000_000, minute_days: 7, gone: 1 };
  database.insert(table).values({ name: "retention", value }).run();
  expect(new Settings(database, secrets).current().retention).toEqual({
    raw_hours: 24,
    minute_days: 7,
    hour_days: 365,
  });
});

const bad: readonly [input: Record<string, unknown>, sentence: string][] = [
  [
    { smtp: {} },
    "`smtp` is not a setting. There are mail, webhook, retention, endpoints, alerts, s3.",
  ],
  [{ mail: { prot: 1 } }, "`mail.prot` is not a setting."],
  [{ mail: 5 }, "`mail` must be an object"],
  [{ mail: { port: 0 } }, "`mail.port` must be a whole number from 1 to 65535."],
  [{ mail: { port: "25" } }, "`mail.port`"],
  [{ mail: { port: 25.5 } }, "`mail.port`"],
  [{ mail: { security: "ssl" } }, "`mail.security` must be one of none, starttls, tls."],
  [{ mail: { host: "smtp.example.org:25" } }, "`mail.host` must be a host name"],
  [{ mail: { host: "a b" } }, "`mail.host`"],
  [{ mail: { from: "nobody" } }, "`mail.from` must be an e-mail address"],
  [{ mail: { from: "a@b.org\r\nRCPT TO:<x@y.org>" } }, "`mail.from`"],
  [{ mail: { to: ["a@b.org", "b"] } }, "`mail.to` must be an e-mail address"],
  [{ mail: { to: "a@b.org" } }, "`mail.to` must be a list"],
  [{ mail: { ca_pem: "trust me" } }, "`mail.ca_pem` must be one or more certificates"],
  [{ mail: { password: "a\nb", user: "u" } }, "`mail.password` must be one line"],
  [{ mail: { password: "p" } }, "`mail.user` is needed beside `mail.password`"],
  [{ mail: { enabled: true } }, "`mail.host` is needed before `mail.enabled`"],
  [{ mail: { enabled: true, host: "h" } }, "`mail.from` is needed"],
  [{ mail: { enabled: "yes" } }, "`mail.enabled` must be true or false."],
  [{ webhook: { enabled: true } }, "`webhook.url` is needed"],
  [{ webhook: { url: "ftp://example.org" } }, "`webhook.url` must be an address that begins"],
  [{ webhook: { url: "file:///etc/passwd" } }, "`webhook.url`"],
  [{ webhook: { url: "https://user:pw@example.org" } }, "without user and password"],
  [{ webhook: { url: "example.org" } }, "`webhook.url`"],
  [{ retention: { raw_hours: -1 } }, "`retention.raw_hours`"],
  [{ s3: { endpoint: "minio:9000" } }, "`s3.endpoint` must be an address that begins"],
  [{ s3: { endpoint: "https://minio" } }, "`s3.access_key_id` is needed beside `s3.endpoint`"],
  [
    { s3: { endpoint: "https://minio", access_key_id: "id" } },
    "`s3.secret_access_key` is needed beside `s3.endpoint`",
  ],
  [{ endpoints: { build_timeout_s: 1 } }, "`endpoints.build_timeout_s`"],
];

for (const [input, sentence] of bad) {
  test(`${JSON.stringify(input)} is refused with a sentence, and changes nothing`, () => {
    const { database, settings } = world();
    const before = settings.current();
    expect(() => settings.change({ retention: { raw_hours: 1 }, ...input })).toThrow(sentence);
    expect(settings.current()).toBe(before);
    expect(database.select().from(table).all()).toEqual([]);
  });
}

test("addresses are trimmed, and each is kept once", () => {
  const { settings } = world();
  const to = [" ops@example.org", "OPS@example.org", "", "two@example.org"];
  settings.change({ mail: { to, host: "::1" } });
  expect(settings.current().mail.to).toEqual(["OPS@example.org", "two@example.org"]);
});
