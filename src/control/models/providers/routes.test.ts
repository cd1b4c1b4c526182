import { guard, httpWith, play } from "../../../app/access.testbed.ts";
import { openDatabase } from "../../storage/database.ts";
import { secretsWith } from "../../storage/secrets.ts";
import { Providers } from "./providers.ts";
import { providerRoutes } from "./routes.ts";
import { providers as table } from "./table.ts";

const secrets = secretsWith(new Uint8Array(32));
const key = "sk-canary";

/** One provider, under a known id. */
function world() {
  const database = openDatabase(":memory:");
  const row = {
    id: "prv_1",
    name: "Elsewhere",
    base_url: "https://api.example.org/v1",
    key: secrets.seal(key, "providers.prv_1.key"),
    enabled: true,
    slots: 16,
    created_at: 1,
    models: [{ name: "far", upstream: "gpt-x", burst: false }],
  };
  database.insert(table).values(row).run();
  const providers = new Providers(database, secrets, () => 5000);
  const fetch = async (url: string, { headers }: RequestInit) => {
    const isRight = new Headers(headers).get("authorization") === `Bearer ${key}`;
    if (!isRight || url !== "https://api.example.org/v1/models")
      return new Response("", { status: 401 });
    return Response.json({ data: [{ id: "gpt-x" }] });
  };
  return httpWith([providerRoutes({ providers, guard, fetch })]);
}

const adminOnly = (status: number) => ({ guest: 401, viewer: 403, member: 403, admin: status });
const create = { method: "POST", path: "/api/providers", hides: [key] };
const change = { method: "PATCH", path: "/api/providers/prv_1", hides: [key] };
const good = { name: "New", base_url: "http://10.0.0.1:9000/v1/" };

play(world, [
  {
    name: "listing providers",
    method: "GET",
    path: "/api/providers",
    status: adminOnly(200),
    shows: ['"name":"Elsewhere"', '"has_key":true'],
    hides: [key, "v1.", '"key"'],
  },
  {
    ...create,
    name: "adding a provider",
    body: {
      ...good,
      api_key: key,
      models: [{ name: "a" }, { name: "b", upstream: "c", burst: true }],
    },
    status: adminOnly(201),
    shows: [
      ...[
        '"id":"prv_',
        '"base_url":"http://10.0.0.1:9000/v1"',
        '"has_key":true',
        '"slots":16',
        '"concurrency":16',
      ],
      '{"name":"a","upstream":"a","burst":false},{"name":"b","upstream":"c","burst":true}',
    ],
  },
  {
    ...create,
    name: "a name that is taken",
    body: { ...good, name: "Elsewhere" },
    status: adminOnly(409),
  },
  ...[
    ["an address with a password", { base_url: "https://me:pw@x.org/v1" }, "base_url"],
    ["an address of another kind", { base_url: "file:///etc/passwd" }, "base_url"],
    ["an address with a query", { base_url: "https://x.org/v1?key=1" }, "base_url"],
    ["an address with an empty query", { base_url: "https://x.org/v1?" }, "base_url"],
    ["a key of two lines", { api_key: "a\r\nx: y" }, "api_key"],
    ["no slots", { slots: 0 }, "slots"],
    ["no requests at once", { concurrency: 0 }, "concurrency"],
    ["two spellings of two numbers", { concurrency: 2, slots: 3 }, "slots"],
    ["the same model twice", { models: [{ name: "a" }, { name: "a" }] }, "models"],
    ["a model with a space", { models: [{ name: "a b" }] }, "models"],
  ].map(([name, body, param]) => ({
    ...create,
    name: `${name} is refused`,
    body: { ...good, ...(body as object) },
    status: adminOnly(400),
    shows: [`"param":"${param}"`],
  })),
  {
    ...change,
    name: "switching a provider off keeps its key",
    body: { enabled: false },
    status: adminOnly(200),
    shows: ['"enabled":false', '"has_key":true'],
  },
  {
    ...change,
    name: "the requests at once of a provider, in the other spelling",
    body: { concurrency: 5 },
    status: adminOnly(200),
    shows: ['"slots":5', '"concurrency":5'],
  },
  {
    ...change,
    name: "another address without the key",
    body: { base_url: "https://elsewhere.example.org/v1" },
    status: adminOnly(400),
    shows: ['"param":"api_key"'],
  },
  {
    ...change,
    name: "taking a provider's key away",
    body: { api_key: "" },
    status: adminOnly(200),
    shows: ['"has_key":false'],
  },
  {
    name: "testing a provider",
    method: "POST",
    path: "/api/providers/prv_1/test",
    status: adminOnly(200),
    shows: ['"ok":true', '"models":["gpt-x"]'],
    hides: [key],
  },
  {
    name: "removing a provider",
    method: "DELETE",
    path: "/api/providers/prv_1",
    status: adminOnly(204),
  },
  {
    name: "removing a provider that is not there",
    method: "DELETE",
    path: "/api/providers/prv_2",
    status: adminOnly(404),
  },
]);
