import { describe, expect, test } from "bun:test";
import type { Role } from "./access.ts";
import { callersFrom } from "./callers.ts";
import { badKey } from "./failure.ts";

const keys = new Map([
  ["hv_app", { id: "key_1", prefix: "hv_app", user_id: "usr_member", scope: "inference" as const }],
  ["hv_ops", { id: "key_2", prefix: "hv_ops", user_id: "usr_admin", scope: "admin" as const }],
  ["hv_left", { id: "key_3", prefix: "hv_left", user_id: "usr_gone", scope: "inference" as const }],
  [
    "hv_seen",
    { id: "key_4", prefix: "hv_seen", user_id: "usr_viewer", scope: "inference" as const },
  ],
]);
const roles: Record<string, Role> = {
  usr_member: "member",
  usr_admin: "admin",
  usr_viewer: "viewer",
};

const callers = callersFrom({
  verify(token) {
    const record = keys.get(token);
    if (!record) throw badKey();
    return record;
  },
  findUser: (id) => {
    const role = roles[id];
    return role && { email: `${role}@example.org`, role };
  },
  session: (request) => {
    const role = request.headers.get("cookie") as Role | null;
    return role && { user_id: `usr_${role}`, email: `${role}@example.org`, role, via: "session" };
  },
});

const by = (headers: Record<string, string>) => new Request("http://h/", { headers });
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

describe("inference", () => {
  test("takes keys of both scopes, and sessions; what viewers may use, routing knows", () => {
    expect(callers.authenticate(bearer("hv_app"))).toEqual({
      user: "member@example.org",
      user_id: "usr_member",
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
