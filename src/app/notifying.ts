/** Settings, secrets, and how people hear of what happens. */

import type { DashboardEvents } from "../control/observability/notify/dashboard-events.ts";
import { mailChannel } from "../control/observability/notify/mail.ts";
import { Outbox } from "../control/observability/notify/outbox.ts";
import { outboxRoutes } from "../control/observability/notify/outbox-routes.ts";
import { webhookChannel } from "../control/observability/notify/webhook.ts";
import { settingsRoutes } from "../control/settings/routes.ts";
import { Settings } from "../control/settings/settings.ts";
import type { Database } from "../control/storage/database.ts";
import type { Secrets } from "../control/storage/secrets.ts";
import type { Guard } from "../shared/access.ts";
import { clock } from "./clock.ts";

export interface NotifyingParts {
  database: Database;
  secrets: Secrets;
  guard: Guard;
  live: DashboardEvents;
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
