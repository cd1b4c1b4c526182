import { expect, test } from "bun:test";
import { providedFrom, providedText, targetsFrom, targetsText } from "./lines.ts";

test("targets are models with weights, and are written back as they were typed", () => {
  const text = "org/model 90\ncanary 10\nendpt-1";
  const targets = targetsFrom(`  ${text}\n\n`);
  expect(targets).toEqual([
    { model: "org/model", weight: 90 },
    { model: "canary", weight: 10 },
    { model: "endpt-1", weight: 1 },
  ]);
  expect(targetsText(targets)).toBe(text);
  expect(targetsFrom("a 90%")).toEqual([{ model: "a", weight: 90 }]);
  expect(() => targetsFrom("a b c")).toThrow("a b c");
});

test("a provider's models may have another name here, and may burst", () => {
  const text = "gpt = gpt-5-mini burst\nplain\nother = o1";
  const models = providedFrom(text);
  expect(models).toEqual([
    { name: "gpt", upstream: "gpt-5-mini", burst: true },
    { name: "plain", upstream: "plain", burst: false },
    { name: "other", upstream: "o1", burst: false },
  ]);
  expect(providedText(models)).toBe(text);
  expect(() => providedFrom("a b")).toThrow("a b");
});
