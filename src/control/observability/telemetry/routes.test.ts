import { expect, test } from "bun:test";
import { httpWith } from "../../../app/access.testbed.ts";
import { guardWith, type Role } from "../../../shared/access.ts";
import { metricsRoutes } from "./routes.ts";

function http(role: Role | null, address: string) {
  const identity = role && { user_id: "usr_1", email: "a@b.c", role, via: "key" as const };
  const telemetry = { exposition: () => "hypervize_inflight 0\n" };
  const routes = metricsRoutes({
    telemetry,
    guard: guardWith(() => identity),
    addressOf: () => address,
  });
  return httpWith([routes]);
}

const status = async (role: Role | null, address: string, headers: Record<string, string> = {}) =>
  (await http(role, address).handle(new Request("http://x/metrics", { headers }))).status;

test("a scraper on this machine needs no key", async () => {
  for (const address of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) {
    expect(await status(null, address)).toBe(200);
  }
});

test("from elsewhere, also through a proxy here, only an admin may", async () => {
  const proxied = { "x-forwarded-for": "10.0.0.9" };
  expect(await status(null, "10.0.0.9")).toBe(401);
  expect(await status(null, "127.0.0.1", proxied)).toBe(401);
  for (const role of ["viewer", "member"] as const)
    expect(await status(role, "10.0.0.9")).toBe(403);
  expect(await status("admin", "10.0.0.9")).toBe(200);
});
