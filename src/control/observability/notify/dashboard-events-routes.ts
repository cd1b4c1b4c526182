import { Elysia } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import type { DashboardEvents } from "./dashboard-events.ts";

export function dashboardEventRoutes(live: DashboardEvents, guard: Guard) {
  return new Elysia().get("/api/events", ({ request }) => {
    guard(request, "viewer");
    return live.stream();
  });
}
