import { expect, test } from "bun:test";
import { oneAtATime } from "./one-at-a-time.ts";

/** A run that ends when it is told to. */
function steps() {
  const open: (() => void)[] = [];
  let begun = 0;
  return {
    begun: () => begun,
    run: () =>
      new Promise<void>((resolve) => {
        begun += 1;
        open.push(resolve);
      }),
    async end(): Promise<void> {
      open.shift()?.();
      // The loop goes on in a later microtask than the promise that it waits for.
      await new Promise((later) => setTimeout(later));
    },
  };
}

test("a call runs at once", () => {
  const { run, begun } = steps();
  oneAtATime(run)();
  expect(begun()).toBe(1);
});

test("any number of calls during a run lead to one more run after it, and then to none", async () => {
  const { run, begun, end } = steps();
  const start = oneAtATime(run);
  for (let i = 0; i < 5; i++) start();
  expect(begun()).toBe(1);
  await end();
  expect(begun()).toBe(2);
  await end();
  expect(begun()).toBe(2);
});

test("after everything has ended, a call runs at once again", async () => {
  const { run, begun, end } = steps();
  const start = oneAtATime(run);
  start();
  await end();
  start();
  expect(begun()).toBe(2);
});

test("a call during the rest waits for its end and is not lost", async () => {
  let begun = 0;
  const second = Promise.withResolvers<void>();
  const start = oneAtATime(async () => {
    begun += 1;
    if (begun === 2) second.resolve();
  }, 1);
  start();
  await Promise.resolve();
  start();
  expect(begun).toBe(1);
  await second.promise;
  expect(begun).toBe(2);
});
