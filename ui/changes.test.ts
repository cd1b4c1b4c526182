import { expect, test } from "bun:test";
import { differences } from "./changes.ts";

test("a field that says the same is no change, also when it is a list or an object", () => {
  const stored = { name: "a", models: ["x", "y"], gpu: { type: "L4" }, slots: 4, limit: null };
  expect(differences(stored, structuredClone(stored))).toEqual({});
  expect(differences(stored, { ...stored, models: ["y", "x"], slots: 8 })).toEqual({
    models: ["y", "x"],
    slots: 8,
  });
});

test("a field that was cleared is a change", () => {
  const stored: { limit: number | null; name?: string } = { limit: 5 };
  expect(differences(stored, { limit: null })).toEqual({ limit: null });
  expect(differences(stored, { limit: 5, name: "a" })).toEqual({ name: "a" });
});
