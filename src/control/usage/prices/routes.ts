import { Elysia, t } from "elysia";
import type { Guard, Role } from "../../../shared/access.ts";
import type { Prices } from "./prices.ts";

const closed = { additionalProperties: false };

/** Everybody may see what their requests cost. */
export function priceRoutes(prices: Prices, guard: Guard) {
  const as =
    (least: Role) =>
    ({ request }: { request: Request }) => ({ caller: guard(request, least) });
  const everyone = new Elysia()
    .derive(as("viewer"))
    .get("/api/prices", () => ({ data: prices.list() }));
  const admins = new Elysia()
    .derive(as("admin"))
    .put("/api/prices", ({ body }) => prices.set(body), {
      body: t.Object(
        {
          model: t.String(),
          input_per_million: t.Number(),
          cached_input_per_million: t.Optional(t.Union([t.Number(), t.Null()])),
          output_per_million: t.Number(),
        },
        closed,
      ),
    })
    // The name in the query: it may hold slashes.
    .delete(
      "/api/prices",
      ({ query, set }) => {
        prices.remove(query.model);
        set.status = 204;
      },
      { query: t.Object({ model: t.String() }, closed) },
    );
  return new Elysia().use(everyone).use(admins);
}
