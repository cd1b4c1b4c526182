import { expect, test } from "bun:test";
import { parseComputeApps } from "./compute-apps.ts";

const mib = 1024 * 1024;

test("reads each process with the GPU that it holds memory of", () => {
  const csv = "GPU-a, 4242, 60123, /usr/bin/python3\nGPU-b, 4242, 512, /usr/bin/python3\n";
  expect(parseComputeApps(csv)).toEqual([
    { gpu_uuid: "GPU-a", pid: 4242, name: "python3", memory_bytes: 60_123 * mib },
    { gpu_uuid: "GPU-b", pid: 4242, name: "python3", memory_bytes: 512 * mib },
  ]);
});

test.each([
  ["GPU-a, 7, 1, /opt/venv/bin/python serve.py --api-key hf_secret", "python"],
  ["GPU-a, 7, 1, VLLM::EngineCore", "VLLM::EngineCore"],
  ["GPU-a, 7, 1, odd,name", "odd,name"],
  ["GPU-a, 7, [N/A], [Insufficient Permissions]", ""],
  ["GPU-a, 7, 1, [Not Found]", ""],
])("of %j only the program's name is kept", (line, name) => {
  expect(parseComputeApps(line).map((app) => app.name)).toEqual([name]);
});

test("memory that the driver does not say is 0, as under MIG", () => {
  expect(parseComputeApps("GPU-a, 7, [N/A], x")).toMatchObject([{ memory_bytes: 0 }]);
});

test.each([[""], ["No running processes found"], ["GPU-a, [N/A], 3, x"]])("%j is none", (csv) => {
  expect(parseComputeApps(csv)).toEqual([]);
});
