import { Elysia } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import type { Alert } from "./alert.ts";
import type { Alerts } from "./alerts.ts";

export type AlertView = Omit<Alert, "key" | "notified">;

/** `GET /api/alerts`: those that are open, the newest first. */
export function alertRoutes(alerts: Pick<Alerts, "open">, guard: Guard) {
  return new Elysia().get("/api/alerts", ({ request }) => {
    guard(request, "viewer");
    return { data: alerts.open().map(({ key: _, notified: __, ...view }): AlertView => view) };
  });
}
