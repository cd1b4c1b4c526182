import { expect, test } from "bun:test";
import { afterRefusal } from "./retry.ts";

const later = { retry: "later", detail: "421 busy" } as const;
const hour_ms = 3_600_000;

test("the delays double from 5 s to an hour", () => {
  const delays = [1, 2, 3, 4, 9, 10, 11, 40, 5000].map((attempts) =>
    afterRefusal({ attempts, created_at: 0 }, later, 0, 0.5),
  );
  const expected = [5, 10, 20, 40, 1280, 2560, 3600, 3600, 3600];
  expect(delays).toEqual(expected.map((delay_s) => ({ next_attempt_at: delay_s * 1000 })));
});

test("chance moves a delay by a fifth either way", () => {
  const at = (random: number) => afterRefusal({ attempts: 1, created_at: 0 }, later, 100, random);
  expect([at(0), at(1)]).toEqual([{ next_attempt_at: 4100 }, { next_attempt_at: 6100 }]);
});

test("after a day it is given up, not before", () => {
  const row = { attempts: 30, created_at: 1000 };
  const early = afterRefusal(row, later, 1000 + 24 * hour_ms - 1, 0.5);
  expect(early).toHaveProperty("next_attempt_at");
  expect(afterRefusal(row, later, 1000 + 24 * hour_ms, 0.5)).toEqual({
    given_up: "Not accepted within a day: 421 busy",
  });
});

test("what was refused for good is tried three times, what is gone not again", () => {
  const refused = { retry: "limited", detail: "550 no such user" } as const;
  const after = (attempts: number) => afterRefusal({ attempts, created_at: 0 }, refused, 0, 0.5);
  expect([after(1), after(2)]).toEqual([{ next_attempt_at: 5000 }, { next_attempt_at: 10_000 }]);
  expect(after(3)).toEqual({ given_up: "Refused 3 times: 550 no such user" });
  const gone = { retry: "never", detail: "410" } as const;
  expect(afterRefusal({ attempts: 1, created_at: 0 }, gone, 0, 0.5)).toEqual({ given_up: "410" });
});
