/** What the dashboard sends is typed from the routes' own schemas: each of these lines must fail to compile. */
import { expect, test } from "bun:test";
import { changeUser, createKey, createUser } from "./api.ts";
import { changeEndpoint, provision, writeSettings } from "./dedicated-api.ts";
import { changeAlias, createProvider, createTeam, setPrice } from "./gateway-api.ts";
import { addModel, changeModel } from "./model-api.ts";

test("a field that a route does not have, lacks or has otherwise is an error of the compiler", () => {
  const wrong = [
    // @ts-expect-error a field that is written wrongly
    () => createKey({ name: "a", scop: "admin" }),
    // @ts-expect-error a choice that there is not
    () => createUser({ email: "a@b", password: "c", role: "owner" }),
    // @ts-expect-error text for a number
    () => changeUser("a", { rpm_limit: "5" }),
    // @ts-expect-error a field that is missing
    () => provision({ concurrency: 4 }),
    // @ts-expect-error a field inside that there is not
    () => provision({ model: "a", gpu: { kind: "H100" } }),
    // @ts-expect-error a word of another route
    () => changeEndpoint("a", { replicas: 4 }),
    // @ts-expect-error a setting that there is not
    () => writeSettings({ mail: { hosts: "a" } }),
    // @ts-expect-error a number as text, deep inside
    () => changeAlias("a", { targets: [{ model: "a", weight: "1" }] }),
    // @ts-expect-error a field that is missing
    () => createProvider({ name: "a" }),
    // @ts-expect-error a field of users
    () => createTeam({ name: "a", role: "admin" }),
    // @ts-expect-error a field that is missing
    () => setPrice({ model: "a", input_per_million: 1 }),
    // @ts-expect-error a word of endpoints
    () => addModel({ source: "a", max_replicas: 4 }),
    // @ts-expect-error null where there is always one
    () => changeModel("a", { slots: null }),
  ];
  expect(wrong.length).toBeGreaterThan(0);
});
