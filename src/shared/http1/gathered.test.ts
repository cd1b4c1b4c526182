import { expect, test } from "bun:test";
import { Gathered } from "./gathered.ts";

const of = (...pieces: string[]): Gathered => {
  const gathered = new Gathered();
  for (const piece of pieces) gathered.add(Buffer.from(piece));
  return gathered;
};

test.each<[readonly string[]]>([[["abcdef"]], [["ab", "cdef"]], [["a", "b", "c", "d", "e", "f"]]])(
  "however it came, its first and last bytes are those of all of it (%j)",
  (pieces) => {
    const gathered = of(...pieces);
    const asked = [0, 1, 4, 6, 9].map((count) => [
      gathered.first(count).toString(),
      gathered.last(count).toString(),
    ]);
    expect(asked).toEqual([
      ["", ""],
      ["a", "f"],
      ["abcd", "cdef"],
      ["abcdef", "abcdef"],
      ["abcdef", "abcdef"],
    ]);
    expect(gathered.size).toBe(6);
    expect(gathered.take().toString()).toBe("abcdef");
    expect([gathered.size, gathered.first(9).length, gathered.take().length]).toEqual([0, 0, 0]);
  },
);
