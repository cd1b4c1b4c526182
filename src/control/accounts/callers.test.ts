import { describe, expect, test } from "bun:test";
import type { Role } from "../../shared/access.ts";
import { badKey } from "../../shared/failure.ts";
import { noLimits } from "../../shared/limits/fields.ts";
import { type CallerParts, callersFrom } from "./callers.ts";

type Key = ReturnType<CallerParts["verify"]>;
type User = NonNullable<ReturnType<CallerParts["findUser"]>>;

const key = (id: string, prefix: string, user_id: string, more: Partial<Key> = {}): Key => ({
  id,
  prefix,
  user_id,
  scope: "inference",
  limits: noLimits,
  allows: null,
  ...more,
});
const keys = new Map(
  [
    key("key_1", "hv_app", "usr_member"),
    key("key_2", "hv_ops", "usr_admin", { scope: "admin" }),
    key("key_3", "hv_left", "usr_gone"),
    key("key_4", "hv_seen", "usr_viewer"),
    key("key_5", "hv_home", "usr_member", { allows: (address) => address === "10.0.0.1" }),
    key("key_7", "hv_office", "usr_admin", {
      scope: "admin",
      allows: (address) => address === "10.0.0.1",
    }),
    key("key_8", "hv_turn", "usr_turn"),
    key("key_6", "hv_few", "usr_teamed", { limits: { ...noLimits, models: ["a", "b"] } }),
  ].map((each) => [each.prefix, each]),
);

const user = (role: Role, team_id: string | null = null): User => ({
  id: `usr_${role}`,
  email: `${role}@example.org`,
  role,
  team_id,
  ...noLimits,
});
const users = new Map<string, User>([
  ...(["member", "admin", "viewer"] as const).map((role) => [`usr_${role}`, user(role)] as const),
  ["usr_turn", { ...user("admin"), id: "usr_turn" }],
  ["usr_teamed", { ...user("member", "team_1"), id: "usr_teamed" }],
]);
const teams = new Map([
  ["team_1", { ...noLimits, id: "team_1", name: "Research", models: ["b", "c"] }],
]);

const callers = callersFrom({
  verify(token) {
    const record = keys.get(token);
    if (!record) throw badKey();
    return record;
  },
  findUser: (id) => users.get(id),
  findTeam: (id) => teams.get(id),
  session: (request) => {
    const role = request.headers.get("cookie") as Role | null;
    return role && { user_id: `usr_${role}`, email: `${role}@example.org`, role, via: "session" };
  },
  addressOf: (request) => ("address" in request ? String(request.address) : "unknown"),
});

const by = (headers: Record<string, string>, address = "192.0.2.1") => ({
  method: "GET",
  headers: new Headers(headers),
  address,
});
const bearer = (key: string) => by({ authorization: `Bearer ${key}` });

/** Status of the failure that CALL throws. */
function refusal(call: () => unknown): number {
  try {
    call();
  } catch (error) {
    return (error as { status: number }).status;
  }
  throw new Error("it was not refused");
}

describe("the control API", () => {
  test("knows a session and an admin key, and nobody without either", () => {
    expect(callers.identify(by({ cookie: "member" }))).toMatchObject({
      role: "member",
      via: "session",
    });
    expect(callers.identify(bearer("hv_ops"))).toMatchObject({ role: "admin", via: "key" });
    expect(callers.identify(by({}))).toBeNull();
  });

  test("refuses an inference key, also one beside a session", () => {
    expect(refusal(() => callers.identify(bearer("hv_app")))).toBe(403);
    const both = by({ authorization: "Bearer hv_app", cookie: "admin" });
    expect(refusal(() => callers.identify(both))).toBe(403);
  });
});

test("a key that may be used from one network manages nothing from another", () => {
  const from = (address: string) => by({ authorization: "Bearer hv_office" }, address);
  expect(callers.identify(from("10.0.0.1"))).toMatchObject({ role: "admin", via: "key" });
  expect(refusal(() => callers.identify(from("10.0.0.2")))).toBe(403);
  expect(refusal(() => callers.worldOf(from("10.0.0.2")))).toBe(403);
});

describe("inference", () => {
  test("takes keys of both scopes, and sessions; what viewers may use, routing knows", () => {
    expect(callers.authenticate(bearer("hv_app"))).toMatchObject({
      user: "member@example.org",
      user_id: "usr_member",
      team: null,
      models: null,
      key_id: "key_1",
      key_prefix: "hv_app",
      role: "member",
    });
    expect(callers.authenticate(bearer("hv_ops")).key_id).toBe("key_2");
    expect(callers.authenticate(by({ cookie: "member" })).key_id).toBeNull();
    expect(callers.authenticate(by({ cookie: "viewer" })).role).toBe("viewer");
    expect(callers.authenticate(bearer("hv_seen")).role).toBe("viewer");
  });

  test.each([
    ["nobody", by({}), 401],
    ["an unknown key", bearer("hv_none"), 401],
    ["a key whose owner is gone", bearer("hv_left"), 401],
    ["another scheme", by({ authorization: "Basic aGk6aGk=" }), 401],
  ])("refuses %s", (_, request, status) => {
    expect(refusal(() => callers.authenticate(request))).toBe(status);
  });

  test("gives the same caller until its key, its user or the team changes", () => {
    const before = callers.authenticate(bearer("hv_few"));
    expect(callers.authenticate(bearer("hv_few"))).toBe(before);
    expect(before.team).toBe("Research");
    expect([...(before.models ?? [])]).toEqual(["b"]);
    expect(before.scopes.map(({ kind }) => kind)).toEqual(["user", "team", "key"]);
    teams.set("team_1", { ...noLimits, id: "team_1", name: "Research", models: ["a"] });
    const after = callers.authenticate(bearer("hv_few"));
    expect([...(after.models ?? [])]).toEqual(["a"]);
    const session = callers.authenticate(by({ cookie: "member" }));
    expect(callers.authenticate(by({ cookie: "member" }))).toBe(session);
    expect(session).not.toBe(callers.authenticate(bearer("hv_app")));
  });

  test("follows its owner: who is demoted or limited is so with the same key, from the next request on", () => {
    expect(callers.authenticate(bearer("hv_turn")).role).toBe("admin");
    users.set("usr_turn", { ...user("viewer"), id: "usr_turn" });
    expect(callers.authenticate(bearer("hv_turn")).role).toBe("viewer");
    users.set("usr_turn", { ...user("viewer"), id: "usr_turn", models: ["small"] });
    const limited = callers.authenticate(bearer("hv_turn"));
    expect([...(limited.models ?? [])]).toEqual(["small"]);
    expect(limited.scopes[0]?.limits.models).toEqual(["small"]);
  });

  test("takes a key from its own networks only, and by Anthropic's header too", () => {
    const asked = (address: string) => () =>
      callers.authenticate(by({ "x-api-key": "hv_home" }, address));
    expect(asked("10.0.0.1")().key_id).toBe("key_5");
    expect(refusal(asked("10.0.0.2"))).toBe(403);
  });

  test("does not mind how the scheme is written", () => {
    expect(callers.authenticate(by({ authorization: "bearer hv_app" })).key_id).toBe("key_1");
  });
});

test("the model list is told which side asks", () => {
  expect(callers.worldOf(bearer("hv_app"))).toBe("inference");
  expect(callers.worldOf(bearer("hv_ops"))).toBe("control");
  expect(callers.worldOf(by({ cookie: "viewer" }))).toBe("control");
  expect(refusal(() => callers.worldOf(by({})))).toBe(401);
});
