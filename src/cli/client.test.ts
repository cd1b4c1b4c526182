import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clientFor } from "./client.ts";
import { recordAppliance } from "./running.ts";

const before = { ...process.env };
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) => Response.json({ key: request.headers.get("authorization") }),
});
const folder = mkdtempSync(join(tmpdir(), "hypervize-client-"));
let own = "";
let service = "";

beforeEach(() => {
  delete process.env["HYPERVIZE_URL"];
  delete process.env["HYPERVIZE_API_KEY"];
  own = mkdtempSync(join(folder, "own-"));
  service = mkdtempSync(join(folder, "service-"));
});
afterAll(() => {
  process.env = before;
  rmSync(folder, { recursive: true });
  return server.stop(true);
});

function runsFrom(home: string, key: string): void {
  writeFileSync(join(home, "admin-key"), `${key}\n`);
  recordAppliance(home, server.url.href);
}

test("the installed appliance is found where none runs from the user's own home", async () => {
  runsFrom(service, "hv_service");
  expect(await clientFor([own, service]).get<object>("/")).toEqual({ key: "Bearer hv_service" });
  runsFrom(own, "hv_own");
  expect(await clientFor([own, service]).get<object>("/")).toEqual({ key: "Bearer hv_own" });
});

test("where none runs, each home that was looked at is named, and how one is started", () => {
  expect(() => clientFor([own])).toThrow(`No appliance runs from ${own}. Start one with`);
  const both = `No appliance runs from ${own} or ${service}. Start one with \`hypervize serve\` or \`systemctl start hypervize\``;
  expect(() => clientFor([own, service])).toThrow(both);
});
