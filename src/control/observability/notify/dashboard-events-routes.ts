import type { Guard } from "../../../shared/access.ts";
import { routesFor, told } from "../../route-schema.ts";
import type { DashboardEvents } from "./dashboard-events.ts";

export function dashboardEventRoutes(live: DashboardEvents, guard: Guard) {
  return routesFor(guard, "viewer", "Appliance").get(
    "/api/events",
    () => live.stream(),
    told(
      "Follow what changes: one event with the name of each topic that changed.",
      { 200: "Server-sent events, until you leave." },
      "text/event-stream",
    ),
  );
}
