/** Runs tables of requests against routes, each as a guest, viewer, member or admin. */
import { expect, test } from "bun:test";
import type { AnyElysia } from "elysia";
import { users } from "../control/accounts/users/table.ts";
import { type Database, openDatabase } from "../control/storage/database.ts";
import { type Guard, guardWith, type Identity, type Role } from "../shared/access.ts";
import { createHttp, type Http } from "./control-api.ts";

export type As = "guest" | Role;

export const people: Record<Role, Identity> = {
  viewer: { user_id: "usr_viewer", email: "viewer@example.org", role: "viewer", via: "session" },
  member: { user_id: "usr_member", email: "member@example.org", role: "member", via: "session" },
  admin: { user_id: "usr_admin", email: "admin@example.org", role: "admin", via: "session" },
};

/** Believes the header `x-as`. */
export const guard: Guard = guardWith(
  (request) => people[request.headers.get("x-as") as Role] ?? null,
);

/** A new database that holds the three people. */
export function databaseWithPeople(): Database {
  const database = openDatabase(":memory:");
  for (const { user_id: id, email, role } of Object.values(people)) {
    const row = { id, email, role, name: role, password_hash: `hash-of-${role}`, created_at: 1 };
    database.insert(users).values(row).run();
  }
  return database;
}

export function httpWith(
  routes: readonly AnyElysia[],
  log: (line: string) => void = () => {},
  durable: () => Promise<void> = async () => {},
): Http {
  return createHttp({
    routes,
    version: "0.0.0",
    mayRead: (request) => guard(request, "viewer"),
    now: () => 0,
    durable,
    log,
  });
}

export function requestAs(as: As, method: string, path: string, body?: unknown): Request {
  return new Request(`http://appliance${path}`, {
    method,
    headers: { "x-as": as, ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
}

export interface Scenario {
  name: string;
  method: string;
  /** May depend on what the world of this scenario holds. */
  path: string;
  body?: unknown;
  /** Status per role; every role is tried, each in a fresh world. */
  status: Record<As, number>;
  /** Must appear in every answer with a status below 400. */
  shows?: readonly string[];
  /** Must appear in no answer, whoever asks. */
  hides?: readonly string[];
  /** Must not appear for these roles only. */
  hidesFrom?: Partial<Record<As, readonly string[]>>;
}

/** Declares one test per scenario and role. */
export function play(world: () => Http | Promise<Http>, scenarios: readonly Scenario[]): void {
  for (const scenario of scenarios) {
    for (const as of ["guest", "viewer", "member", "admin"] as const) {
      test(`${scenario.name}: ${as} gets ${scenario.status[as]}`, async () => {
        const { method, path, body } = scenario;
        await judge(scenario, as, await (await world()).handle(requestAs(as, method, path, body)));
      });
    }
  }
}

async function judge(scenario: Scenario, as: As, response: Response): Promise<void> {
  const status = scenario.status[as];
  const text = await response.text();
  expect([response.status, text]).toEqual([status, text]);
  expect(response.headers.get("x-request-id")).toMatch(/^req_[0-9A-Za-z]{20}$/);
  expect(response.headers.get("cache-control")).toBe("no-store");
  if (status >= 400) expectEnvelope(text);
  const shown = status < 400 ? (scenario.shows ?? []) : [];
  for (const part of shown) expect(text).toContain(part);
  const hidden = [...(scenario.hides ?? []), ...(scenario.hidesFrom?.[as] ?? [])];
  for (const part of hidden) expect(text).not.toContain(part);
}

export function expectEnvelope(text: string): void {
  const { error } = JSON.parse(text);
  expect(Object.keys(error).sort()).toEqual(["code", "message", "param", "type"]);
  expect(error.message).toMatch(/[.!]$/);
}
