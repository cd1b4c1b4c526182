import { expect, test } from "bun:test";
import { choicesOf } from "./choices.ts";

const model = (id: string, ready_replicas = 1) => ({ id, enabled: true, ready_replicas });
const endpoint = (name: string, status: "up" | "sleeping" | "paused") => ({
  name,
  status,
  ready_replicas: status === "up" ? 1 : 0,
});

test("the pool comes first, then endpoints, each with why it is not ready", () => {
  const choices = choicesOf(
    [model("a"), model("b", 0)],
    [endpoint("c", "up"), endpoint("d", "sleeping")],
  );
  expect(choices.map(({ id, state }) => [id, state])).toEqual([
    ["a", null],
    ["b", "not ready"],
    ["c", null],
    ["d", "sleeping"],
  ]);
});

test("what cannot be asked is no choice: disabled, paused, or hidden behind the pool's name", () => {
  const disabled = { ...model("a"), enabled: false };
  const choices = choicesOf([disabled, model("b")], [endpoint("b", "up"), endpoint("c", "paused")]);
  expect(choices.map(({ id }) => id)).toEqual(["b"]);
});
