import { expect, test } from "bun:test";
import type { Role } from "../../../shared/access.ts";
import type { Visibility } from "../../../shared/endpoint-status.ts";
import { openDatabase } from "../../storage/database.ts";
import type { Endpoint } from "./endpoint.ts";
import { endpointsIn, newEndpoint, specWith } from "./endpoints.testbed.ts";
import { type Order, ordered, orders } from "./orders.ts";
import { mustChange, mustSee, type Permission, permissionOn } from "./permission.ts";
import type { EndpointState } from "./status.ts";

const made = endpointsIn(openDatabase(":memory:")).create(newEndpoint("chat"));
const endpoint = (changes: Partial<EndpointState>, min_replicas = 0): Endpoint => ({
  ...made,
  spec: specWith({ min_replicas }),
  standing: { ...made.standing, ...changes },
});

type Who = Role | "owner" | "former owner";
const table: [who: Who, expected: Record<Visibility, Permission>][] = [
  ["viewer", { private: "none", team: "none", public: "see" }],
  ["former owner", { private: "none", team: "none", public: "see" }],
  ["member", { private: "none", team: "see", public: "see" }],
  ["owner", { private: "change", team: "change", public: "change" }],
  ["admin", { private: "change", team: "change", public: "change" }],
];
for (const [who, expected] of table) {
  test(`${who} may ${JSON.stringify(expected)}`, () => {
    const user_id = /owner/.test(who) ? "usr_owner" : "usr_other";
    const role = who === "owner" ? "member" : who === "former owner" ? "viewer" : who;
    for (const [visibility, permission] of Object.entries(expected)) {
      const owned = {
        ...made,
        user_id: "usr_owner",
        spec: specWith({ visibility: visibility as Visibility }),
      };
      expect([visibility, permissionOn(owned, { user_id, role })]).toEqual([
        visibility,
        permission,
      ]);
      const code = (act: () => unknown): string | null => {
        try {
          act();
          return null;
        } catch (error) {
          return (error as { code: string }).code;
        }
      };
      const unknown = permission === "none" ? "not_found" : null;
      expect(code(() => mustSee(owned, { user_id, role }))).toBe(unknown);
      const refused = permission === "see" ? "permission_denied" : unknown;
      expect(code(() => mustChange(owned, { user_id, role }))).toBe(refused);
    }
  });
}

const accepted: [EndpointState["status"], Order, intent: string, wake: boolean][] = [
  ["up", "pause", "pause", false],
  ["failed", "pause", "pause", false],
  ["paused", "resume", "run", false],
  ["failed", "resume", "run", true],
  ["sleeping", "resume", "run", true],
  ["up", "resume", "run", false],
  ["up", "sleep", "sleep", false],
  ["building", "sleep", "sleep", false],
  ["sleeping", "wake", "run", true],
  ["up", "wake", "run", false],
];
for (const [status, order, intent, wake] of accepted) {
  test(`${order} while it is ${status} is the intent ${intent}`, () => {
    expect(ordered(endpoint({ status }), order)).toEqual({ intent, wake } as never);
  });
}

const refusals: [name: string, Endpoint, Order, code: string][] = [
  ["waking a paused one", endpoint({ status: "paused" }), "wake", "endpoint_paused"],
  [
    "waking one whose pause begins",
    endpoint({ status: "up", intent: "pause" }),
    "wake",
    "endpoint_paused",
  ],
  ["waking a failed one", endpoint({ status: "failed" }), "wake", "endpoint_failed"],
  ["putting a paused one to sleep", endpoint({ status: "paused" }), "sleep", "endpoint_paused"],
  [
    "putting one to sleep that must stay up",
    endpoint({ status: "up" }, 1),
    "sleep",
    "min_replicas",
  ],
  ...orders.map((order): [string, Endpoint, Order, string] => [
    `${order} while it is deleted`,
    endpoint({ status: "up", intent: "delete" }),
    order,
    "endpoint_deleting",
  ]),
];
for (const [name, each, order, code] of refusals) {
  test(`${name} is a 409 that says what to do`, () => {
    expect(() => ordered(each, order)).toThrow(
      expect.objectContaining({ status: 409, code, message: expect.stringMatching(/^chat .*\.$/) }),
    );
  });
}
