import { Elysia } from "elysia";
import type { Guard } from "../access.ts";
import type { Live } from "./live.ts";

export function liveRoutes(live: Live, guard: Guard) {
  return new Elysia().get("/api/events", ({ request }) => {
    guard(request, "viewer");
    return live.stream();
  });
}
