import { guard, httpWith, play } from "../../../app/access.testbed.ts";
import { openDatabase } from "../../storage/database.ts";
import { Aliases } from "./aliases.ts";
import { aliasRoutes } from "./routes.ts";
import { aliases as table } from "./table.ts";

const targets = [{ model: "demo", weight: 1 }];

/** One alias, under a known id. */
function world() {
  const database = openDatabase(":memory:");
  const row = { id: "als_1", name: "smart", targets, fallbacks: ["gone"], created_at: 1 };
  database.insert(table).values(row).run();
  const known = { isModel: (name: string) => name === "demo", isEndpoint: () => false };
  return httpWith([aliasRoutes(new Aliases(database, known, () => 5000), guard)]);
}

const adminOnly = (status: number) => ({ guest: 401, viewer: 403, member: 403, admin: status });
const create = { method: "POST", path: "/api/aliases" };
const change = { method: "PATCH", path: "/api/aliases/als_1" };

play(world, [
  {
    name: "listing aliases",
    method: "GET",
    path: "/api/aliases",
    status: adminOnly(200),
    shows: [
      '{"data":[{"id":"als_1","name":"smart","targets":[{"model":"demo","weight":1}]',
      '"fallbacks":["gone"],"created_at":1,"missing":["gone"]}]}',
    ],
  },
  {
    ...create,
    name: "adding an alias",
    body: { name: "canary", targets: [...targets, { model: "new", weight: 9 }] },
    status: adminOnly(201),
    shows: ['"id":"als_', '"fallbacks":[]', '"created_at":5000', '"missing":["new"]'],
  },
  {
    ...create,
    name: "adding a taken name",
    body: { name: "smart", targets },
    status: adminOnly(409),
  },
  {
    ...create,
    name: "adding the name of a model",
    body: { name: "demo", targets: [{ model: "x", weight: 1 }] },
    status: adminOnly(409),
  },
  { ...create, name: "adding without targets", body: { name: "x" }, status: adminOnly(400) },
  {
    ...create,
    name: "adding with text for a weight",
    body: { name: "x", targets: [{ model: "demo", weight: "1" }] },
    status: adminOnly(400),
  },
  {
    ...create,
    name: "adding a target with a misspelt field",
    body: { name: "x", targets: [{ model: "demo", weight: 1, wieght: 2 }] },
    status: adminOnly(400),
  },
  {
    ...create,
    name: "adding an alias of an alias",
    body: { name: "x", targets: [{ model: "smart", weight: 1 }] },
    status: adminOnly(400),
  },
  {
    ...change,
    name: "changing the fallbacks",
    body: { fallbacks: ["demo"] },
    status: adminOnly(200),
    shows: ['"name":"smart"', '"fallbacks":["demo"]', '"missing":[]'],
  },
  { ...change, name: "changing the id", body: { id: "als_2" }, status: adminOnly(400) },
  { ...change, name: "changing to no targets", body: { targets: [] }, status: adminOnly(400) },
  {
    ...change,
    name: "changing an alias that there is not",
    path: "/api/aliases/als_2",
    body: { name: "x" },
    status: adminOnly(404),
  },
  {
    name: "removing an alias",
    method: "DELETE",
    path: "/api/aliases/als_1",
    status: adminOnly(204),
  },
  {
    name: "removing an alias that there is not",
    method: "DELETE",
    path: "/api/aliases/als_2",
    status: adminOnly(404),
  },
]);
