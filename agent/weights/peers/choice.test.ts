import { expect, test } from "bun:test";
import { type Answer, choosePeer } from "./choice.ts";
import { questionIn } from "./protocol.ts";

const digest = "d".repeat(64);
const answer = (
  host_id: string,
  state: Answer["state"],
  changes: Partial<Answer> = {},
): Answer => ({
  host_id,
  state,
  via: [],
  followers: 0,
  ...changes,
});

test("without an answer it is the hub", () => {
  expect(choosePeer([], "me", digest)).toBeUndefined();
});

test("the one with the fewest followers is taken, so that a crowd becomes a chain", () => {
  const answers = [
    answer("a", "whole", { followers: 1 }),
    answer("b", "partial", { via: ["a"] }),
    answer("c", "partial", { via: ["a"], followers: 2 }),
  ];
  expect(choosePeer(answers, "me", digest)).toBe("b");
});

test("nobody follows one that follows him", () => {
  expect(choosePeer([answer("a", "partial", { via: ["b", "me"] })], "me", digest)).toBeUndefined();
});

test("of any number that begin at once, exactly one takes the hub, and nobody waits in a circle", () => {
  const ids = Array.from({ length: 20 }, (_, i) => `host_${i}`);
  for (const blob of ["a", "b", "c"].map((letter) => letter.repeat(64))) {
    const follows = new Map(
      ids.map((id) => {
        const others = ids.filter((other) => other !== id).map((other) => answer(other, "wanted"));
        return [id, choosePeer(others, id, blob)];
      }),
    );
    expect([...follows.values()].filter((id) => id === undefined)).toHaveLength(1);
    for (const id of ids) {
      let at: string | undefined = id;
      for (let steps = 0; at !== undefined; steps += 1) {
        expect(steps).toBeLessThan(ids.length);
        at = follows.get(at);
      }
    }
  }
});

test.each([
  [`ask ${digest}`, { verb: "ask", digest }],
  [`get ${digest} 42`, { verb: "get", digest, from: 42 }],
  [`ask ${digest} 42`, undefined],
  [`get ${digest}`, undefined],
  [`get ${digest} -1`, undefined],
  ["get ../../etc/passwd 0", undefined],
  ["", undefined],
])("%j is understood, or no question", (line, question) => {
  expect(questionIn(line)).toEqual(question as never);
});
