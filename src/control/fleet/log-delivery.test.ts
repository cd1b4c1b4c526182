import { expect, test } from "bun:test";
import { LogDelivery, type LogEnd } from "./log-delivery.ts";

/** A consumer that takes its time: every call lasts until `take` lets it go. */
function slow() {
  const calls: [string[], number][] = [];
  const ends: LogEnd[] = [];
  const broken: true[] = [];
  let settle: (fail?: Error) => void = () => undefined;
  const onLines = (lines: string[], dropped: number) => {
    calls.push([lines, dropped]);
    return new Promise<void>((resolve, reject) => {
      settle = (fail) => (fail ? reject(fail) : resolve());
    });
  };
  const onEnd = (reason: LogEnd) => void ends.push(reason);
  const delivery = new LogDelivery({ onLines, onEnd }, () => void broken.push(true));
  const take = async (fail?: Error) => {
    settle(fail);
    await Bun.sleep(0);
  };
  return { calls, ends, broken, delivery, take };
}

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i}`);

test("lines are handed over at once, also when there are none yet", () => {
  const { calls, delivery } = slow();
  delivery.lines([], 0);
  expect(calls).toEqual([[[], 0]]);
});

test("a consumer that has not taken the last lines gets the next ones when it has, in one call", async () => {
  const { calls, delivery, take } = slow();
  delivery.lines(["one"], 0);
  delivery.lines(["two"], 0);
  delivery.lines(["three"], 4);
  expect(calls).toEqual([[["one"], 0]]);
  await take();
  expect(calls).toEqual([
    [["one"], 0],
    [["two", "three"], 4],
  ]);
});

test("for a consumer that does not read the newest thousand lines wait, and the others are counted", async () => {
  const { calls, delivery, take } = slow();
  delivery.lines(["first"], 0);
  for (let from = 0; from < 100_000; from += 500) delivery.lines(numbered(from, from + 500), 1);
  await take();
  const [lines, dropped] = calls[1] ?? [[], 0];
  expect(lines).toEqual(numbered(99_000, 100_000));
  expect(dropped).toBe(99_000 + 200);
});

test("the end is reported once, after the last lines", async () => {
  const { calls, ends, delivery, take } = slow();
  delivery.lines(["one"], 0);
  delivery.lines(["last words"], 0);
  delivery.end("replica_gone");
  delivery.end("host_disconnected");
  expect(ends).toEqual([]);
  await take();
  expect([calls.length, ends]).toEqual([2, []]);
  await take();
  expect(ends).toEqual(["replica_gone"]);
});

test("a consumer that stopped hears nothing more, not even what waited", async () => {
  const { calls, ends, delivery, take } = slow();
  delivery.lines(["one"], 0);
  delivery.lines(["two"], 0);
  delivery.stop();
  delivery.end("replica_gone");
  await take();
  expect([calls.length, ends]).toEqual([1, []]);
});

test("a consumer that fails is given up", async () => {
  const { broken, ends, delivery, take } = slow();
  delivery.lines(["one"], 0);
  await take(new Error("the client has gone"));
  delivery.end("replica_gone");
  await take();
  expect([broken, ends]).toEqual([[true], []]);
});

test("a consumer that throws at the end harms nobody", () => {
  const broken: true[] = [];
  const onEnd = () => {
    throw new Error("late");
  };
  new LogDelivery({ onLines: () => undefined, onEnd }, () => void broken.push(true)).end(
    "too_many",
  );
  expect(broken).toEqual([true]);
});
