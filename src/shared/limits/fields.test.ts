import { expect, test } from "bun:test";
import { checkedLimits, type LimitFields, noLimits } from "./fields.ts";

const some: LimitFields = {
  rpm_limit: 60,
  tpm_limit: 1000,
  max_parallel_requests: 4,
  monthly_budget: 0.5,
  models: ["a", "b"],
};

test("what is not sent stays, and null lifts a limit", () => {
  expect(checkedLimits({}, some)).toEqual(some);
  expect(checkedLimits({ rpm_limit: 5 }, some)).toEqual({ ...some, rpm_limit: 5 });
  expect(checkedLimits({ ...noLimits }, some)).toEqual(noLimits);
});

test("a budget may be 0 or less than a whole unit, and a model is named once", () => {
  expect(checkedLimits({ monthly_budget: 0 }, noLimits).monthly_budget).toBe(0);
  expect(checkedLimits({ models: ["a", " a"] }, noLimits).models).toEqual(["a"]);
});

const bad: [field: keyof LimitFields, value: unknown][] = [
  ...([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2e12] as const).flatMap(
    (value): [keyof LimitFields, unknown][] => [
      ["rpm_limit", value],
      ["tpm_limit", value],
      ["max_parallel_requests", value],
    ],
  ),
  ["monthly_budget", -0.01],
  ["monthly_budget", Number.NaN],
  ["monthly_budget", Number.POSITIVE_INFINITY],
  ["models", [""]],
  ["models", ["x".repeat(257)]],
  ["models", Array.from({ length: 201 }, (_, index) => `m${index}`)],
];
test.each(bad)("%s that cannot be is refused by name", (field, value) => {
  expect(() => checkedLimits({ [field]: value }, noLimits)).toThrow(
    expect.objectContaining({ status: 400, param: field, message: expect.stringContaining(field) }),
  );
});
