import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { parseNvidiaSmi } from "./nvidia.ts";

const sample = (name: string) =>
  parseNvidiaSmi(readFileSync(new URL(`samples/${name}.csv`, import.meta.url), "utf8"));
const MIB = 1024 * 1024;

test("reads two H100", () => {
  const gpus = sample("h100");
  expect(gpus.map(({ index }) => index)).toEqual([0, 1]);
  expect(gpus[1]).toEqual({
    index: 1,
    uuid: "GPU-b1a20c3f-5d6e-4f70-9182-a3b4c5d6e7f8",
    name: "NVIDIA H100 80GB HBM3",
    vram_bytes: 81_559 * MIB,
    vram_used_bytes: 74_210 * MIB,
    driver_version: "550.127.05",
  });
});

test("reads a consumer card", () => {
  expect(sample("rtx-4090")).toMatchObject([
    { name: "NVIDIA GeForce RTX 4090", vram_bytes: 24_564 * MIB, vram_used_bytes: 611 * MIB },
  ]);
});

test("a GPU in MIG mode or with shared memory gives no numbers, and is found all the same", () => {
  expect(sample("mig-not-available")).toMatchObject([
    { index: 0, vram_bytes: 81_920 * MIB, vram_used_bytes: 0, driver_version: "535.183.01" },
    { index: 1, name: "NVIDIA GB10", vram_bytes: 0, vram_used_bytes: 0, driver_version: "" },
  ]);
});

test.each([
  [""],
  ["No devices were found"],
  ["NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."],
  ["Unable to determine the device handle for GPU 0000:01:00.0: Unknown Error"],
  ["0, GPU"],
])("%j holds no GPU", (text) => {
  expect(parseNvidiaSmi(text)).toEqual([]);
});
