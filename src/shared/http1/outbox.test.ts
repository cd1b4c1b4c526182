import { expect, test } from "bun:test";
import { Outbox } from "./outbox.ts";

/** Takes as many bytes at each call as TAKES says, and then none. */
function exit(...takes: number[]) {
  const taken: Buffer[] = [];
  return {
    write(data: Uint8Array | string): number {
      const bytes = Buffer.from(data as string);
      const count = Math.min(takes.shift() ?? 0, bytes.length);
      if (count > 0) taken.push(bytes.subarray(0, count));
      return count;
    },
    more: (...counts: number[]) => takes.push(...counts),
    text: () => Buffer.concat(taken).toString(),
  };
}

test("what does not leave at once leaves later, in order, also when a character is cut in two", () => {
  const out = exit(2);
  const outbox = new Outbox(out);
  expect(outbox.send("aé")).toBe(false);
  expect(outbox.send("second")).toBe(false);
  expect(outbox.send(Buffer.from("third"))).toBe(false);
  expect(outbox.flush()).toBe(false);
  out.more(1, 6, 2);
  expect([outbox.flush(), outbox.empty]).toEqual([false, false]);
  out.more(3);
  expect([outbox.flush(), outbox.empty]).toEqual([true, true]);
  expect(out.text()).toBe("aésecondthird");
});

test("what leaves at once does not wait, and neither does what nobody takes any more", () => {
  const out = exit(5, -1);
  const outbox = new Outbox(out);
  expect([outbox.send("whole"), outbox.empty]).toEqual([true, true]);
  expect([outbox.send("lost"), outbox.empty]).toEqual([true, true]);
  outbox.send("waits");
  out.more(-1);
  expect([outbox.empty, outbox.flush(), outbox.empty]).toEqual([false, true, true]);
});
