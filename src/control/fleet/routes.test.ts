import { guard, httpWith, play, type Scenario } from "../../app/access.testbed.ts";
import type { Http } from "../../app/control-api.ts";
import { openDatabase } from "../storage/database.ts";
import type { Authority } from "./authority.ts";
import { Enrolment } from "./enrolment.ts";
import { Hosts } from "./hosts.ts";
import { hostRoutes } from "./routes.ts";
import { hosts as table } from "./table.ts";

const certificate = "cafe".repeat(16);
/** Tokens are made without the CA's key; signing has its own tests. */
const authority = { ca_sha256: "ab".repeat(32) } as Authority;

function world(): Http {
  const database = openDatabase(":memory:");
  database
    .insert(table)
    .values({
      id: "host_a",
      name: "gpu-1",
      certificate_sha256: certificate,
      certificate_expires_at: 1e15,
      agent_version: "1.2.3",
      cordoned: false,
      joined_at: 5,
      labels: { region: "eu" },
    })
    .run();
  const now = () => 1_000;
  const hosts = new Hosts(database, now);
  const addresses = () => ["10.0.0.1:8443"];
  const joined = () => undefined;
  const enrolment = new Enrolment({ database, authority, now, addresses, joined });
  return httpWith([
    hostRoutes({
      hosts,
      enrolment,
      guard,
      replicasOf: () => [],
      problemOf: () => null,
      seriesFor: (id, { metrics }) => ({
        resolution: "raw",
        interval_ms: 10_000,
        series: metrics.map((metric) => ({ metric: `${id} ${metric}`, points: [] })),
      }),
    }),
  ]);
}

const adminsOnly = { guest: 401, viewer: 403, member: 403 };
const secrets = [certificate, "secret_hash"];

const scenarios: Scenario[] = [
  {
    name: "list hosts",
    method: "GET",
    path: "/api/hosts",
    status: { guest: 401, viewer: 200, member: 200, admin: 200 },
    shows: [
      '"name":"gpu-1"',
      '"labels":{"region":"eu"}',
      '"draining":false',
      '"status":"down"',
      '"replicas":[]',
    ],
    hides: secrets,
  },
  {
    name: "read a host's time series",
    method: "GET",
    path: "/api/hosts/host_a/metrics?metric=gpu_0_power_watts,cpu_ratio&from=5",
    status: { guest: 401, viewer: 200, member: 200, admin: 200 },
    shows: ['"metric":"host_a gpu_0_power_watts"', '"metric":"host_a cpu_ratio"'],
  },
  {
    name: "read time series of a host that is not there",
    method: "GET",
    path: "/api/hosts/host_b/metrics",
    status: { guest: 401, viewer: 404, member: 404, admin: 404 },
  },
  {
    name: "read a time series with an odd name",
    method: "GET",
    path: "/api/hosts/host_a/metrics?metric=a;b",
    status: { guest: 401, viewer: 400, member: 400, admin: 400 },
  },
  {
    name: "make a join token",
    method: "POST",
    path: "/api/hosts/join-tokens",
    body: { expires_in_s: 60 },
    status: { ...adminsOnly, admin: 201 },
    shows: ['"token":"hvj_', '"expires_at":61000', "hypervize agent --join hvj_"],
    hides: secrets,
  },
  {
    name: "make a join token without a body",
    method: "POST",
    path: "/api/hosts/join-tokens",
    status: { ...adminsOnly, admin: 201 },
    shows: ['"expires_at":86401000'],
  },
  {
    name: "make a join token that lasts a second",
    method: "POST",
    path: "/api/hosts/join-tokens",
    body: { expires_in_s: 1 },
    status: { ...adminsOnly, admin: 400 },
    hides: ["hvj_"],
  },
  {
    name: "cordon a host",
    method: "POST",
    path: "/api/hosts/host_a/cordon",
    status: { ...adminsOnly, admin: 200 },
    shows: ['"cordoned":true'],
    hides: secrets,
  },
  {
    name: "cordon a host that is not there",
    method: "POST",
    path: "/api/hosts/host_b/cordon",
    status: { ...adminsOnly, admin: 404 },
  },
  {
    name: "drain a host",
    method: "POST",
    path: "/api/hosts/host_a/drain",
    status: { ...adminsOnly, admin: 200 },
    shows: ['"cordoned":true', '"draining":true'],
    hides: secrets,
  },
  {
    name: "drain a host that is not there",
    method: "POST",
    path: "/api/hosts/host_b/drain",
    status: { ...adminsOnly, admin: 404 },
  },
  {
    name: "uncordon a host",
    method: "POST",
    path: "/api/hosts/host_a/uncordon",
    status: { ...adminsOnly, admin: 200 },
    shows: ['"cordoned":false', '"draining":false'],
  },
  {
    name: "remove a host",
    method: "DELETE",
    path: "/api/hosts/host_a",
    status: { ...adminsOnly, admin: 204 },
  },
];

play(world, scenarios);
