import { Elysia } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import type { Ledger } from "./startup-profile.ts";

/** For admins: it names every model that ever ran, also those of private endpoints. */
export function ledgerRoutes(ledger: Pick<Ledger, "list">, guard: Guard) {
  return new Elysia()
    .derive(({ request }) => ({ caller: guard(request, "admin") }))
    .get("/api/ledger", () => ({ data: ledger.list() }));
}
