import type { Guard } from "../../../shared/access.ts";
import { routesFor, told } from "../../route-schema.ts";
import type { Alert } from "./alert.ts";
import type { Alerts } from "./alerts.ts";

export type AlertView = Omit<Alert, "key" | "notified">;

/** `GET /api/alerts`: those that are open, the newest first. */
export function alertRoutes(alerts: Pick<Alerts, "open">, guard: Guard) {
  return routesFor(guard, "viewer", "Hosts").get(
    "/api/alerts",
    () => ({ data: alerts.open().map(({ key: _, notified: __, ...view }): AlertView => view) }),
    told("List the open alerts, the newest first."),
  );
}
