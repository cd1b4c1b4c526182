import { expect, test } from "bun:test";
import { type Command, read, UsageError } from "./command.ts";
import { limitOptions, limitsFrom } from "./limit-options.ts";

const command: Command = {
  name: "keys",
  summary: "API keys.",
  options: limitOptions,
  run: () => Promise.resolve(0),
};
const limits = (...words: string[]) => limitsFrom(read(command, words));

test("the limits that were given are sent, and no others", () => {
  expect(limits()).toEqual({});
  expect(limits("--rpm", "60", "--model", "a", "--model=org/b")).toEqual({
    rpm_limit: 60,
    models: ["a", "org/b"],
  });
  expect(limits("--tpm=1000", "--parallel=4", "--budget=12.50")).toEqual({
    tpm_limit: 1000,
    max_parallel_requests: 4,
    monthly_budget: 12.5,
  });
});

test.each(["--rpm=0", "--tpm=1.5", "--parallel=-1", "--budget=free", "--budget=-1", "--budget="])(
  "%s is a usage error",
  (word) => {
    expect(() => limits(word)).toThrow(UsageError);
  },
);
