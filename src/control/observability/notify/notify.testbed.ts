/** Settings, both channels and an outbox over one database, with a clock that is set by hand. */

import { Settings } from "../../settings/settings.ts";
import { openDatabase } from "../../storage/database.ts";
import { secretsWith } from "../../storage/secrets.ts";
import { mailChannel } from "./mail.ts";
import type { Notice } from "./notice.ts";
import { Outbox } from "./outbox.ts";
import type { Smtp } from "./smtp.testbed.ts";
import { webhookChannel } from "./webhook.ts";

export const origin = "https://appliance.example";

export function openWorld(file = ":memory:", now?: () => number) {
  const database = openDatabase(file);
  const clock = { now_ms: 1_800_000_000_000 };
  const log: string[] = [];
  const settings = new Settings(database, secretsWith(new Uint8Array(32).fill(3)));
  const time = now ?? (() => clock.now_ms);
  const channels = {
    mail: mailChannel({
      settings: () => settings.current().mail,
      password: () => settings.secret("mail"),
      emailOf: (id) => (id === "usr_owner" ? "owner@example.org" : undefined),
      origin: () => origin,
    }),
    webhook: webhookChannel({
      settings: () => settings.current().webhook,
      secret: () => settings.secret("webhook"),
      origin: () => origin,
      now: time,
    }),
  };
  const outbox = new Outbox(database, {
    channels,
    now: time,
    log: (line) => log.push(line),
    changed: () => undefined,
    random: () => 0.5,
  });
  return { database, clock, log, settings, channels, outbox };
}

/** What an admin saves to send through SMTP. */
export function mailThrough({ port, ca_pem }: Pick<Smtp, "port" | "ca_pem">) {
  return {
    enabled: true,
    host: "localhost",
    port,
    ca_pem,
    user: "mailer",
    password: "hunter2",
    from: "hypervize@example.org",
    to: ["ops@example.org"],
  };
}

type EndpointNotice = Extract<Notice, { endpoint: unknown }>;

export const failed: EndpointNotice = {
  kind: "endpoint_failed",
  at: 1_800_000_000_000,
  endpoint: { id: "endpt-1", name: "chat-small", model: "org/chat" },
  user_id: "usr_owner",
  cause: "out_of_memory",
  detail: "The GPU has 8 GiB & the model needs <9 GiB>.",
  log_tail: ["load_model: ok", "\u001b[31mCUDA error: out of memory\u001b[0m", "größe <script>"],
};

export const up: EndpointNotice = {
  ...failed,
  kind: "endpoint_up",
  cause: "",
  detail: "",
  log_tail: [],
};

export const hostDown: Notice = {
  kind: "host_down",
  at: 1_800_000_000_000,
  host: { id: "hst_1", name: "gpu-1" },
  detail: "Nothing was heard of it for 60 s.",
};
