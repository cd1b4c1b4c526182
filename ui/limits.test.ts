import { expect, test } from "bun:test";
import { type Limits, limitsFrom, limitsInWords } from "./limits.ts";

const none = {
  rpm_limit: null,
  tpm_limit: null,
  max_parallel_requests: null,
  monthly_budget: null,
  models: null,
} satisfies Limits;

function form(fields: Record<string, string>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return data;
}

test("empty fields are no limits, and 0 is one", () => {
  expect(limitsFrom(form({ rpm_limit: " ", models: " \n" }))).toEqual(none);
  expect(limitsFrom(form({ monthly_budget: "0" })).monthly_budget).toBe(0);
  const full = form({ rpm_limit: "60", tpm_limit: "1000", models: "a, b\norg/c" });
  expect(limitsFrom(full)).toMatchObject({
    rpm_limit: 60,
    tpm_limit: 1000,
    models: ["a", "b", "org/c"],
  });
});

test("limits are said shortly", () => {
  expect(limitsInWords(none)).toBe("");
  expect(limitsInWords({ ...none, rpm_limit: 60, tpm_limit: 1_500_000 })).toBe(
    "60 req/min · 1.5M tok/min",
  );
  expect(limitsInWords({ ...none, monthly_budget: 20, models: ["a"] }, 1.5)).toBe(
    "1.50 of 20.00 a month · only a",
  );
});
