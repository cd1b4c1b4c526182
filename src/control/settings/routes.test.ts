import { guard, httpWith, play } from "../../app/access.testbed.ts";
import { openDatabase } from "../storage/database.ts";
import { secretsWith } from "../storage/secrets.ts";
import { settingsRoutes } from "./routes.ts";
import { Settings } from "./settings.ts";

function world() {
  const settings = new Settings(openDatabase(":memory:"), secretsWith(new Uint8Array(32)));
  settings.change({ mail: { user: "mailer", password: "hunter2" } });
  return httpWith([settingsRoutes(settings, guard)]);
}

const adminOnly = (status: number) => ({ guest: 401, viewer: 403, member: 403, admin: status });
const put = { method: "PUT", path: "/api/settings", hides: ["hunter2", "t0p"] };

play(world, [
  {
    name: "reading the settings",
    method: "GET",
    path: "/api/settings",
    status: adminOnly(200),
    shows: [
      '"has_secret_access_key":false',
      '"has_password":true',
      '"has_secret":false',
      '"raw_hours":24',
    ],
    hides: ["hunter2", "sealed", "v1."],
  },
  {
    ...put,
    name: "changing two groups",
    body: {
      webhook: { url: "https://example.org/hook", secret: "t0p" },
      retention: { raw_hours: 2 },
    },
    status: adminOnly(200),
    shows: ['"has_secret":true', '"raw_hours":2', '"minute_days":30'],
  },
  {
    ...put,
    name: "setting up a store of S3",
    body: { s3: { endpoint: "https://minio", access_key_id: "id", secret_access_key: "t0p" } },
    status: adminOnly(200),
    shows: ['"has_secret_access_key":true', '"endpoint":"https://minio"', '"path_style":true'],
  },
  { ...put, name: "changing nothing", body: {}, status: adminOnly(200), shows: ['"port":587'] },
  {
    ...put,
    name: "a port that there is not",
    body: { mail: { port: 70_000, password: "t0p" } },
    status: adminOnly(400),
  },
  { ...put, name: "an unknown group", body: { sms: {} }, status: adminOnly(400) },
  { ...put, name: "a list", body: [1], status: adminOnly(400) },
]);
