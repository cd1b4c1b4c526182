import { expect, test } from "bun:test";
import { withClockHint } from "./clock-hint.ts";

const now = Date.UTC(2026, 10, 22, 3, 0, 5);

test.each([
  "certificate is not yet valid",
  "Last error: Error: certificate has expired. Resolution",
])("%j is rather a clock that is wrong", (details) => {
  expect(withClockHint(details, now)).toContain("2026-11-22 03:00:05 UTC");
  expect(withClockHint(details, now)).toContain("timedatectl");
});

test("another failure keeps its words, without those that grpc-js puts around them", () => {
  expect(withClockHint("ECONNREFUSED", now)).toBe("ECONNREFUSED");
  const wrapped =
    "No connection established. Last error: Error: connect ECONNREFUSED 10.0.0.1:8443. Resolution note: ";
  expect(withClockHint(wrapped, now)).toBe("connect ECONNREFUSED 10.0.0.1:8443");
});
