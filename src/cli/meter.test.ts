import { expect, test } from "bun:test";
import { meter, size } from "./meter.ts";

test("a line at most every two seconds, with the speed since the last one", () => {
  const lines: string[] = [];
  let now = 0;
  const tell = meter(
    (line) => void lines.push(line),
    () => now,
  );
  for (const [at, done] of [
    [10, 5e6],
    [2000, 4e8],
    [3000, 6e8],
    [4000, 14e8],
  ] as const) {
    now = at;
    tell(done, 20e8);
  }
  expect(lines).toEqual(["400.0 MB of 2.00 GB, 200.0 MB/s", "1.40 GB of 2.00 GB, 500.0 MB/s"]);
});

test("sizes are as disk makers count them", () => {
  expect([0, 3_922_816, 1e9].map(size)).toEqual(["0.0 MB", "3.9 MB", "1.00 GB"]);
});
