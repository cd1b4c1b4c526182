import { beforeEach, expect, test } from "bun:test";
import { openDatabase } from "../../storage/database.ts";
import { Sessions } from "./sessions.ts";
import { createSignIn, type SignIn } from "./sign-in.ts";
import { LoginThrottle } from "./throttle.ts";
import { Users, type UserView } from "./users.ts";

const password = "correct horse battery";
const email = "ada@example.org";
const here = "192.0.2.1";
let users: Users;
let signIn: SignIn;
let ada: UserView;
let now: number;

beforeEach(async () => {
  now = 1_000_000;
  const clock = () => now;
  const database = openDatabase(":memory:");
  const sessions = new Sessions(database, clock);
  users = new Users(
    database,
    { sessions, keys: { revokeOf: () => 0 }, isTeam: () => false, cut: () => 0 },
    clock,
  );
  users.ensureFirstAdmin({ email: "root@example.org", password });
  ada = await users.create({ email, password, role: "member" });
  signIn = createSignIn({ users, sessions, throttle: new LoginThrottle(), now: clock });
});

function withSession(token: string, method = "GET", headers: Record<string, string> = {}): Request {
  return new Request("http://appliance/api/x", {
    method,
    headers: { host: "appliance", cookie: `hv_session=${token}`, ...headers },
  });
}

test("the right password opens a session that identifies its user", async () => {
  const { token, user } = await signIn.login(" ADA@example.org", password, here);
  expect(user).toEqual(ada);
  expect(signIn.identify(withSession(token))).toEqual({
    user_id: ada.id,
    email,
    role: "member",
    via: "session",
  });
});

test("nothing distinguishes an unknown e-mail from a wrong password", async () => {
  const errors = await Promise.all(
    [
      [email, "wrong wrong wrong"],
      ["nobody@example.org", password],
      ["not an address", password],
    ].map(([who = "", what = ""]) => signIn.login(who, what, here).catch((error) => error)),
  );
  for (const error of errors) {
    expect([error.status, error.code, error.message]).toEqual([
      401,
      "invalid_login",
      "E-mail or password is wrong.",
    ]);
  }
});

test("twenty guesses at the same moment are five guesses, then 429 with a time to wait", async () => {
  const guesses = Array.from({ length: 20 }, () => signIn.login(email, "wrong wrong wrong", here));
  const results = await Promise.allSettled(guesses);
  const statuses = results.map((r) => (r.status === "rejected" ? r.reason.status : 200));
  expect(statuses.filter((status) => status === 401)).toHaveLength(5);
  expect(statuses.filter((status) => status === 429)).toHaveLength(15);
  await expect(signIn.login(email, password, "192.0.2.9")).rejects.toMatchObject({
    status: 429,
    headers: { "retry-after": "900" },
  });
  now += 15 * 60_000;
  expect((await signIn.login(email, password, here)).user.id).toBe(ada.id);
});

test("a role that changes holds from the next request on", async () => {
  const { token } = await signIn.login(email, password, here);
  await users.update(ada.id, { role: "viewer" });
  expect(signIn.identify(withSession(token))?.role).toBe("viewer");
});

test("logout, a new password and removal each end the session", async () => {
  const first = (await signIn.login(email, password, here)).token;
  signIn.logout(withSession(first, "POST"));
  expect(signIn.identify(withSession(first))).toBeNull();

  const second = (await signIn.login(email, password, here)).token;
  await users.update(ada.id, { password: "another horse battery" });
  expect(signIn.identify(withSession(second))).toBeNull();

  const third = (await signIn.login(email, "another horse battery", here)).token;
  users.remove(ada.id);
  expect(signIn.identify(withSession(third))).toBeNull();
});

test("a login that is under way while its user is removed opens nothing", async () => {
  const login = signIn.login(email, password, here);
  users.remove(ada.id);
  await expect(login).rejects.toMatchObject({ status: 401 });
});

test("another site cannot use the session, and no cookie is no error", async () => {
  const { token } = await signIn.login(email, password, here);
  const forged = withSession(token, "DELETE", { "sec-fetch-site": "cross-site" });
  expect(() => signIn.identify(forged)).toThrow("another site made this request");
  expect(signIn.identify(withSession(token, "DELETE"))?.user_id).toBe(ada.id);
  expect(signIn.identify(new Request("http://appliance/", { method: "POST" }))).toBeNull();
});
