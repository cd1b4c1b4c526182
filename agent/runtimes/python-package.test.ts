import { expect, test } from "bun:test";
import { isAtLeast, pythonProgram } from "./python-package.ts";

test.each([
  ["0.10.1", "0.10.1", true],
  ["0.10.1.post2", "0.10.1", true],
  ["0.9.2", "0.10.1", false],
  ["0.30.0+cu129", "0.16.0", true],
  ["0.16", "0.16.0", true],
  ["1.0", "0.16.0", true],
  ["unknown", "0.16.0", true],
])("%s against %s: %p", (version, wanted, answer) => {
  expect(isAtLeast(version, wanted)).toBe(answer);
});

test("what is no program is not found, and one without metadata has no known version", async () => {
  expect(await pythonProgram("no-such-engine", "vllm")).toBeUndefined();
  expect(await pythonProgram("/bin/sh", "vllm")).toMatchObject({ version: "unknown" });
});
