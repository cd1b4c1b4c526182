import { expect, test } from "bun:test";
import { gib, gpuNamed, gpus } from "./gpus.ts";

test.each([
  ["H100-80", "H100-80"],
  ["h100", "H100-80"],
  ["NVIDIA H100 80GB HBM3", "H100-80"],
  ["NVIDIA A100-SXM4-80GB", "A100-80"],
  ["RTX 3090", "RTX3090-24"],
  ["RTX3090-24 (23.58 GiB)", "RTX3090-24"],
  ["NVIDIA GeForce RTX 4090", "RTX4090-24"],
  ["NVIDIA RTX 6000 Ada Generation", "ADA6000-48"],
  ["Tesla T4", "T4-16"],
  ["A10G-24", "A10-24"],
  ["GB300-277GiB", "GB300-277"],
  ["B200-192", "B200-180"],
])("%s is %s", (word, name) => {
  expect(gpuNamed(word).name).toBe(name);
});

test.each(["A100", "H1000", "", "constructor"])("%j is refused with the list of types", (word) => {
  expect(() => gpuNamed(word)).toThrow(/^`gpu` is one of: T4-16, .*H100-80, .*MI300X-192\.$/);
});

test("no card shows more memory than its label says", () => {
  for (const { name, memory_bytes } of gpus) {
    const label = Number(name.slice(name.lastIndexOf("-") + 1));
    expect([name, memory_bytes <= label * gib && memory_bytes > 0.88 * label * gib]).toEqual([
      name,
      true,
    ]);
  }
});
