import { expect, test } from "bun:test";
import { parseLabels, soundLabels } from "./labels.ts";

test("labels are read from words", () => {
  expect(parseLabels(["region=eu", "pool=A_1.x-2", "gpu="])).toEqual({
    region: "eu",
    pool: "A_1.x-2",
    gpu: "",
  });
  expect(parseLabels([])).toEqual({});
});

test.each([
  ["region", 'The label "region" has no value. Write it as region=VALUE.'],
  ["Region=eu", '"Region" cannot be the name'],
  ["=eu", '"" cannot be the name'],
  [`${"k".repeat(64)}=eu`, "1 to 63 of a-z"],
  ["region=eu west", '"eu west" cannot be the value of the label region'],
  ["region=a=b", '"a=b" cannot be the value'],
  [`region=${"v".repeat(64)}`, "up to 63 of"],
])("%s is refused with what to write", (word, sentence) => {
  expect(() => parseLabels(["pool=a", word])).toThrow(sentence);
});

test("a label twice, and more than a host can have, are refused", () => {
  expect(() => parseLabels(["pool=a", "pool=a"])).toThrow("pool is given twice");
  const many = Array.from({ length: 65 }, (_, i) => `k${i}=v`);
  expect(() => parseLabels(many)).toThrow("These are 65 labels");
});

test("of labels from elsewhere the unsound ones are left out", () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, "v"]));
  expect(soundLabels({ region: "eu", "no key": "x", pool: "no value" })).toEqual({ region: "eu" });
  expect(Object.keys(soundLabels(many))).toHaveLength(64);
});
