import { Elysia } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import type { Database } from "../../storage/database.ts";
import { driftView } from "./checks.ts";

/** For admins: it names every model and replica. */
export function driftRoutes(database: Database, guard: Guard) {
  return new Elysia()
    .derive(({ request }) => ({ caller: guard(request, "admin") }))
    .get("/api/usage/drift", () => driftView(database));
}
