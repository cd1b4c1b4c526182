import type { Guard } from "../../../shared/access.ts";
import { routesFor, told } from "../../route-schema.ts";
import type { Database } from "../../storage/database.ts";
import { driftView } from "./checks.ts";

/** For admins: it names every model and replica. */
export function driftRoutes(database: Database, guard: Guard) {
  return routesFor(guard, "admin", "Usage").get(
    "/api/usage/drift",
    () => driftView(database),
    told("Compare our counts of tokens with the engines' own."),
  );
}
