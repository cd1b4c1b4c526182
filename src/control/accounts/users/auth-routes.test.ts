/** The session's life over a real socket, as a browser sees it. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { expectEnvelope, httpWith } from "../../../app/access.testbed.ts";
import { guardWith } from "../../../shared/access.ts";
import { openDatabase } from "../../storage/database.ts";
import { authRoutes } from "./auth-routes.ts";
import { userRoutes } from "./routes.ts";
import { Sessions } from "./sessions.ts";
import { createSignIn } from "./sign-in.ts";
import { LoginThrottle } from "./throttle.ts";
import { Users } from "./users.ts";

const root = { email: "root@example.org", password: "correct horse battery" };
const now = () => 1_000_000;
let http: ReturnType<typeof httpWith>;

function build() {
  const database = openDatabase(":memory:");
  const sessions = new Sessions(database, now);
  const users = new Users(
    database,
    { sessions, keys: { revokeOf: () => 0 }, isTeam: () => false, cut: () => 0 },
    now,
  );
  users.ensureFirstAdmin(root);
  const signIn = createSignIn({ users, sessions, throttle: new LoginThrottle(), now });
  const guard = guardWith(signIn.identify);
  const addressOf = () => "192.0.2.1";
  return httpWith([
    authRoutes({ users, signIn, guard, addressOf }),
    userRoutes({ users, guard, teamName: () => null, spentBy: () => 0 }),
  ]);
}

beforeEach(() => {
  http = build();
});

const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (r) => http.handle(r) });
afterAll(() => server.stop(true));

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const response = await fetch(new URL(path, server.url), {
    method,
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.status >= 400) expectEnvelope(text);
  const cookie = response.headers.get("set-cookie") ?? "";
  return { status: response.status, text, cookie, sent: cookie.split(";")[0] ?? "", response };
}

test("login, me, logout: the cookie works until logout and is taken back by it", async () => {
  const login = await ask("POST", "/api/auth/login", root);
  expect(login.status).toBe(200);
  expect(login.cookie).toMatch(
    /^hv_session=[0-9A-Za-z]{43}; HttpOnly; SameSite=Lax; Path=\/; Max-Age=604800$/,
  );
  const cookie = { cookie: login.sent };
  const me = await ask("GET", "/api/auth/me", undefined, cookie);
  expect(JSON.parse(me.text)).toEqual({
    user: { id: expect.any(String), email: root.email, name: "root", role: "admin" },
  });
  expect(login.text).toBe(me.text);
  const logout = await ask("POST", "/api/auth/logout", undefined, cookie);
  expect([logout.status, logout.text]).toEqual([204, ""]);
  expect(logout.cookie).toContain("Max-Age=0");
  expect((await ask("GET", "/api/auth/me", undefined, cookie)).status).toBe(401);
});

test("a guest is nobody, and may log out all the same", async () => {
  expect((await ask("GET", "/api/auth/me")).status).toBe(401);
  expect((await ask("POST", "/api/auth/logout")).status).toBe(204);
});

test("failed logins are 401, then 429 with retry-after; nothing sent comes back", async () => {
  const wrong = { ...root, password: "hunter2 hunter2" };
  for (let i = 0; i < 5; i++) {
    const { status, text, cookie } = await ask("POST", "/api/auth/login", wrong);
    expect([status, JSON.parse(text).error.code, cookie]).toEqual([401, "invalid_login", ""]);
    expect(text).not.toContain("hunter2");
  }
  const { status, response } = await ask("POST", "/api/auth/login", root);
  expect([status, response.headers.get("retry-after")]).toEqual([429, "900"]);
});

test("a form of another site can neither log in, log out nor change anything", async () => {
  const foreign = { origin: "http://evil.example", "sec-fetch-site": "cross-site" };
  expect((await ask("POST", "/api/auth/login", root, foreign)).status).toBe(403);
  const { sent } = await ask("POST", "/api/auth/login", root);
  const forged = { cookie: sent, ...foreign };
  expect((await ask("POST", "/api/auth/logout", undefined, forged)).status).toBe(403);
  const user = { email: "eve@example.org", password: "correct horse battery", role: "admin" };
  expect((await ask("POST", "/api/users", user, forged)).status).toBe(403);
  const form = { method: "POST", body: new URLSearchParams(root) };
  expect((await fetch(new URL("/api/auth/login", server.url), form)).status).toBe(415);
});

test("an admin who changes the own password has to log in again", async () => {
  const { sent, text } = await ask("POST", "/api/auth/login", root);
  const { user } = JSON.parse(text);
  const changed = await ask(
    "PATCH",
    `/api/users/${user.id}`,
    { password: "another horse battery" },
    { cookie: sent },
  );
  expect(changed.status).toBe(200);
  expect((await ask("GET", "/api/auth/me", undefined, { cookie: sent })).status).toBe(401);
});
