/** Settings, secrets, and how people hear of what happens. */
import type { Guard } from "../access.ts";
import type { Live } from "../notify/live.ts";
import { mailChannel } from "../notify/mail.ts";
import { Outbox } from "../notify/outbox.ts";
import { outboxRoutes } from "../notify/outbox-routes.ts";
import { webhookChannel } from "../notify/webhook.ts";
import { settingsRoutes } from "../settings/routes.ts";
import { Settings } from "../settings/settings.ts";
import type { Database } from "../storage/database.ts";
import type { Secrets } from "../storage/secrets.ts";
import { clock } from "./clock.ts";

export interface NotifyingParts {
  database: Database;
  secrets: Secrets;
  guard: Guard;
  live: Live;
  emailOf(user_id: string): string | undefined;
  /** The dashboard's address. */
  origin(): string;
  log(line: string): void;
}

export function composeNotifying(parts: NotifyingParts) {
  const { database, secrets, guard, live, emailOf, origin, log } = parts;
  const settings = new Settings(database, secrets);
  const channels = {
    mail: mailChannel({
      settings: () => settings.current().mail,
      password: () => settings.secret("mail"),
      emailOf,
      origin,
    }),
    webhook: webhookChannel({
      settings: () => settings.current().webhook,
      secret: () => settings.secret("webhook"),
      origin,
      now: clock.now,
    }),
  };
  const changed = () => live.changed("settings");
  const outbox = new Outbox(database, { channels, now: clock.now, log, changed });
  settings.onChange(() => {
    changed();
    outbox.retry();
  });
  const routes = [
    settingsRoutes(settings, guard),
    outboxRoutes({ outbox, channels, guard, now: clock.now }),
  ];
  return { settings, outbox, routes };
}
