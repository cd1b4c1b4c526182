import { expect, test } from "bun:test";
import { isOfType } from "./kinds.ts";

test.each([
  ["NVIDIA H100 80GB HBM3", "H100-80"],
  ["NVIDIA H100 80GB HBM3", "h100"],
  ["NVIDIA A100-SXM4-40GB", "A100"],
  ["NVIDIA A100-SXM4-80GB", "A100"],
  ["Tesla T4", "T4"],
  ["NVIDIA GeForce RTX 3060", "RTX 3060"],
  ["NVIDIA GeForce RTX 3060", "rtx3060"],
  ["cpu", "cpu"],
  ["cpu", "CPU"],
])("a device called %j is what people mean by %j", (kind, asked) => {
  expect(isOfType(kind, asked)).toBe(true);
});

test.each([
  ["NVIDIA H100 80GB HBM3", "H200"],
  ["NVIDIA A100-SXM4-40GB", "A100-80"],
  ["NVIDIA L40S", "L40"],
  ["NVIDIA GeForce RTX 3060 Ti", "RTX 3060"],
  ["NVIDIA H100 80GB HBM3", ""],
  ["NVIDIA H100 80GB HBM3", "nvidia"],
  ["cpu", "H100-80"],
  ["NVIDIA H100 80GB HBM3", "cpu"],
])("a device called %j is not what people mean by %j", (kind, asked) => {
  expect(isOfType(kind, asked)).toBe(false);
});
