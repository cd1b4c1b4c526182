import type { Guard } from "../../shared/access.ts";
import { routesFor, told } from "../route-schema.ts";
import { settingsBody } from "./groups.ts";
import type { Settings } from "./settings.ts";

/** `GET|PUT /api/settings`. The groups are checked by `Settings`, whose sentences name the field inside. */
export function settingsRoutes(settings: Settings, guard: Guard) {
  return routesFor(guard, "admin", "Settings")
    .get("/api/settings", () => settings.current(), told("Show the settings, without secrets."))
    .put("/api/settings", ({ body }) => settings.change(body), {
      ...told("Change the settings that are sent; all others stay."),
      body: settingsBody,
    });
}
