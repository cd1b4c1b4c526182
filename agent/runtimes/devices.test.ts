import { afterAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { agentHome, demoReplica } from "../agent.testbed.ts";
import { FakeSmi } from "../hardware/fake-smi.testbed.ts";
import { devicesForEngine, devicesInside } from "./devices.ts";
import { vllm } from "./engine.ts";
import { EngineEnvironment } from "./fakes/environment.testbed.ts";

const csv = readFileSync(join(import.meta.dir, "../hardware/samples/h200-pair.csv"), "utf8");
const [first = "", second = ""] = csv.match(/GPU-[0-9a-f-]+/g) ?? [];
const gpus = [
  { index: 0, uuid: "GPU-a", name: "NVIDIA H200" },
  { index: 1, uuid: "GPU-b", name: "NVIDIA H200" },
  { index: 3, uuid: "GPU-d", name: "NVIDIA L4" },
];
const order = { CUDA_DEVICE_ORDER: "PCI_BUS_ID" };
const byNumber = { ...order, CUDA_VISIBLE_DEVICES: "3,1" };
const byUuid = { CUDA_VISIBLE_DEVICES: "GPU-d,GPU-b" };

test.each([
  ["vllm", "0.6.3", byNumber],
  ["vllm", "0.11.2", byNumber],
  ["vllm", "0.23.0+cu129", byNumber],
  ["vllm", "0.24.0", byUuid],
  ["vllm", "0.32.0", byUuid],
  // A self-made build: numbers are right for every version.
  ["vllm", "unknown", byNumber],
  ["sglang", "0.4.0", byNumber],
  ["sglang", "0.5.23", byNumber],
  ["sglang", "unknown", byNumber],
])("%s %s is given its GPUs so that it understands them", (name, version, expected) => {
  expect(devicesForEngine({ devices: ["GPU-d", "GPU-b"] }, { name, version }, { gpus })).toEqual(
    expected,
  );
});

test.each([
  ["vllm", "0.11.2"],
  ["vllm", "0.32.0"],
  ["sglang", "0.5.5"],
])("%s %s: no GPU and no reserved device look alike in every version", (name, version) => {
  for (const devices of [devicesForEngine, devicesInside]) {
    const of = (ids: string[]) => devices({ devices: ids }, { name, version }, { gpus });
    expect(of([])).toEqual({});
    expect(of(["cpu"])).toEqual({ CUDA_VISIBLE_DEVICES: "" });
  }
});

test("a GPU that the driver does not list just now goes by its UUID", () => {
  const engine = { name: "vllm", version: "0.11.2" };
  const devices = ["GPU-gone"];
  expect(devicesForEngine({ devices }, engine, { gpus })).toEqual({
    CUDA_VISIBLE_DEVICES: "GPU-gone",
  });
});

test("inside a container the GPUs that it was given are numbered from 0", () => {
  const devices = ["GPU-d", "GPU-b"];
  expect(devicesInside({ devices }, { name: "vllm", version: "0.11.2" })).toEqual({
    ...order,
    CUDA_VISIBLE_DEVICES: "0,1",
  });
  expect(devicesInside({ devices }, { name: "vllm", version: "0.32.0" })).toEqual(byUuid);
});

const environments: EngineEnvironment[] = [];
afterAll(() => {
  for (const environment of environments) environment.end();
});

test.each([
  ["vllm", "0.11.2"],
  ["vllm", "0.23.0"],
  ["vllm", "0.32.0"],
  ["sglang", "0.5.23"],
] as const)("%s %s starts on two GPUs", async (runtime, version) => {
  const environment = new EngineEnvironment({
    vllm: "0.30.0",
    sglang: "0.5.5",
    [runtime]: version,
  });
  environments.push(environment);
  const agent = await agentHome();
  const smi = new FakeSmi(csv);
  try {
    const engines = { vllm: environment.vllm, sglang: environment.sglang };
    const PATH = `${dirname(smi.path)}:${process.env["PATH"]}`;
    agent.open({ ...engines, env: { PATH } });
    const source = `file://${environment.model}`;
    const replica = demoReplica({ runtime, source, devices: [second, first] });
    agent.testbed.desire({ generation: 1, replicas: [replica] });
    const seen = await agent.testbed.until(
      ({ replicas: [one] }) => one !== undefined && one.state !== "starting",
    );
    expect(seen.replicas[0]).toMatchObject({ state: "ready", detail: "" });
  } finally {
    await agent.close();
    smi.end();
  }
});

test("vLLM's build for processors says that it sees no GPU; of a build for CUDA only a start tells", async () => {
  const found = async (version: string) => {
    const environment = new EngineEnvironment({ vllm: version, sglang: "0.5.5" });
    environments.push(environment);
    return vllm({ executable: environment.vllm, guard: { folder: ".", key: "k" } }).detect();
  };
  expect(await found("0.32.0+cpu")).toMatchObject({ says_devices: true, devices: [] });
  const cuda = await found("0.32.0+cu129");
  expect(cuda).toMatchObject({ version: "0.32.0+cu129" });
  expect(cuda).not.toHaveProperty("says_devices");
});
