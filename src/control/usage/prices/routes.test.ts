import { guard, httpWith, play } from "../../../app/access.testbed.ts";
import { openDatabase } from "../../storage/database.ts";
import { Prices } from "./prices.ts";
import { priceRoutes } from "./routes.ts";

const price = { model: "org/large", input_per_million: 2, output_per_million: 8 };

function world() {
  const prices = new Prices(openDatabase(":memory:"));
  prices.set(price);
  return httpWith([priceRoutes(prices, guard)]);
}

const adminOnly = (status: number) => ({ guest: 401, viewer: 403, member: 403, admin: status });
const set = { method: "PUT", path: "/api/prices" };

play(world, [
  {
    name: "listing prices",
    method: "GET",
    path: "/api/prices",
    status: { guest: 401, viewer: 200, member: 200, admin: 200 },
    shows: ['{"data":[{', '"model":"org/large"', '"cached_input_per_million":null'],
  },
  {
    ...set,
    name: "setting a price",
    status: adminOnly(200),
    body: { ...price, cached_input_per_million: 0.5 },
    shows: ['"cached_input_per_million":0.5'],
  },
  {
    ...set,
    name: "a price that leaves out the output",
    status: adminOnly(400),
    body: { model: "a", input_per_million: 1 },
  },
  {
    ...set,
    name: "a price below 0",
    status: adminOnly(400),
    body: { ...price, output_per_million: -1 },
  },
  {
    ...set,
    name: "a field that there is not",
    status: adminOnly(400),
    body: { ...price, currency: "EUR" },
  },
  {
    name: "removing a price",
    method: "DELETE",
    path: "/api/prices?model=org%2Flarge",
    status: adminOnly(204),
  },
  {
    name: "removing a price that is not there",
    method: "DELETE",
    path: "/api/prices?model=x",
    status: adminOnly(404),
  },
  {
    name: "removing no price in particular",
    method: "DELETE",
    path: "/api/prices",
    status: adminOnly(400),
  },
]);
