import { Elysia, t } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import { closed, orNull, routesFor, told } from "../../route-schema.ts";
import { largest_price, type Prices } from "./prices.ts";

const amount = t.Number({ minimum: 0, maximum: largest_price });

/** Money for a million tokens. */
const priceBody = t.Object(
  {
    model: t.String({ description: "The name of a model or the id of an endpoint." }),
    input_per_million: amount,
    cached_input_per_million: orNull(amount),
    output_per_million: amount,
  },
  closed,
);
export type PriceBody = typeof priceBody.static;

/** Everybody may see what their requests cost. */
export function priceRoutes(prices: Prices, guard: Guard) {
  const everyone = routesFor(guard, "viewer", "Prices").get(
    "/api/prices",
    () => ({ data: prices.list() }),
    told("List what models cost."),
  );
  const admins = routesFor(guard, "admin", "Prices")
    .put("/api/prices", ({ body }) => prices.set(body), {
      ...told("Set what a model costs."),
      body: priceBody,
    })
    // The name in the query: it may hold slashes.
    .delete(
      "/api/prices",
      ({ query, set }) => {
        prices.remove(query.model);
        set.status = 204;
      },
      {
        ...told("Remove a model's price: it costs nothing.", { 204: "It is removed." }),
        query: t.Object({ model: t.String() }, closed),
      },
    );
  return new Elysia().use(everyone).use(admins);
}
