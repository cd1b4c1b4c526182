import { Elysia, t } from "elysia";
import type { Guard } from "../../shared/access.ts";
import type { Settings } from "./settings.ts";

/** `GET|PUT /api/settings`. The groups are checked by `Settings`, whose sentences name the field inside. */
export function settingsRoutes(settings: Settings, guard: Guard) {
  return new Elysia()
    .derive(({ request }) => ({ caller: guard(request, "admin") }))
    .get("/api/settings", () => settings.current())
    .put("/api/settings", ({ body }) => settings.change(body), {
      body: t.Record(t.String(), t.Unknown()),
    });
}
