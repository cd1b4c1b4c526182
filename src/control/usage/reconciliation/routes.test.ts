import { expect, test } from "bun:test";
import {
  databaseWithPeople,
  guard,
  httpWith,
  play,
  requestAs,
} from "../../../app/access.testbed.ts";
import { addCheck, type Check, driftFamily } from "./checks.ts";
import { driftRoutes } from "./routes.ts";

const day_ms = 86_400_000;
const now = 20_000 * day_ms;
const check = (to: number, changes: Partial<Check> = {}): Check => ({
  from: to - 3_600_000,
  to,
  replica: "rep_1",
  model: "demo",
  engine_prompt_tokens: 100,
  engine_completion_tokens: 50,
  metered_prompt_tokens: 100,
  metered_completion_tokens: 47,
  ...changes,
});

function world(...checks: Check[]) {
  const database = databaseWithPeople();
  for (const each of checks) addCheck(database, each);
  return { database, http: httpWith([driftRoutes(database, guard)]) };
}
const read = async (...checks: Check[]) =>
  await (await world(...checks).http.handle(requestAs("admin", "GET", "/api/usage/drift"))).json();

play(
  () => world(check(now)).http,
  [
    {
      name: "/api/usage/drift",
      method: "GET",
      path: "/api/usage/drift",
      status: { guest: 401, viewer: 403, member: 403, admin: 200 },
      shows: ['"engine_prompt_tokens":100', '"drift":-0.02'],
      hidesFrom: { viewer: ["rep_1"], member: ["rep_1"] },
    },
  ],
);

test("checks come newest first, each with its drift, and with their totals", async () => {
  const better = { replica: "rep_2", metered_completion_tokens: 50 };
  expect(await read(check(now - 1), check(now, better))).toEqual({
    data: [
      { ...check(now, better), drift: 0 },
      { ...check(now - 1), drift: -0.02 },
    ],
    totals: {
      engine_prompt_tokens: 200,
      engine_completion_tokens: 100,
      metered_prompt_tokens: 200,
      metered_completion_tokens: 97,
      drift: -0.01,
    },
  });
});

test("without a check there is nothing, and no drift", async () => {
  expect(await read()).toMatchObject({ data: [], totals: { engine_prompt_tokens: 0, drift: 0 } });
});

test("checks are forgotten 90 days after they ended", async () => {
  const old = [check(now - 90 * day_ms - 1), check(now - 90 * day_ms)];
  const { data } = await read(...old, check(now));
  expect(data.map(({ to }: Check) => to)).toEqual([now, now - 90 * day_ms]);
});

test("the gauge is the drift of a model in the last day", () => {
  const { database } = world(
    check(now - day_ms, { metered_prompt_tokens: 0 }),
    check(now - 5, { model: "org/big", metered_completion_tokens: 53 }),
    check(now - 5, { metered_completion_tokens: 50 }),
    check(now - 4),
  );
  const lines = String(driftFamily(database, now)).trim().split("\n");
  expect(lines.slice(1)).toEqual([
    "# TYPE hypervize_meter_drift_ratio gauge",
    'hypervize_meter_drift_ratio{model="demo"} -0.01',
    'hypervize_meter_drift_ratio{model="org/big"} 0.02',
  ]);
});
