import { expect, test } from "bun:test";
import { machineId } from "../contract/protocol/machine-id.ts";
import { parseCpuModel, parseOsName, takeInventory } from "./inventory.ts";

test.each([
  [
    'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
    "Debian GNU/Linux 12 (bookworm)",
  ],
  ["PRETTY_NAME=Alpine\n", "Alpine"],
  ["", "Linux"],
])("os-release %j is %j", (text, name) => {
  expect(parseOsName(text)).toBe(name);
});

test("the first core's model stands for all", () => {
  expect(parseCpuModel("processor\t: 0\nmodel name\t: AMD EPYC 9\nprocessor\t: 1\n")).toBe(
    "AMD EPYC 9",
  );
  expect(parseCpuModel("CPU implementer : 0x41\n")).toBe("");
});

test("this host's inventory is whole", async () => {
  const runtime = { name: "llama-server", version: "1", path: "/x" };
  const inventory = await takeInventory("/", [runtime], []);
  expect(inventory.runtimes).toEqual([runtime]);
  expect(inventory.cpu_count).toBeGreaterThan(0);
  expect(inventory.memory_bytes).toBeGreaterThan(0);
  expect(inventory.disk_bytes).toBeGreaterThan(inventory.disk_free_bytes);
  expect(inventory.host_name).not.toBe("");
});

test("the machine's id is a hash and does not change", () => {
  expect(machineId()).toMatch(/^[0-9a-f]{64}$/);
  expect(machineId()).toBe(machineId());
});
