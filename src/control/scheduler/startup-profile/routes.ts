import type { Guard } from "../../../shared/access.ts";
import { routesFor, told } from "../../route-schema.ts";
import type { Ledger } from "./startup-profile.ts";

/** For admins: it names every model that ever ran, also those of private endpoints. */
export function ledgerRoutes(ledger: Pick<Ledger, "list">, guard: Guard) {
  return routesFor(guard, "admin", "Models").get(
    "/api/ledger",
    () => ({ data: ledger.list() }),
    told("List what starts of models really took."),
  );
}
