import { expect, test } from "bun:test";
import { deviceArgument, devicesIn } from "./llama-devices.ts";

const mib = 2 ** 20;

test.each([
  [
    "two cards",
    "ggml_cuda_init: found 2 CUDA devices:\n  Device 0: NVIDIA L4, compute capability 8.9\nAvailable devices:\n  CUDA0: NVIDIA L4 (22478 MiB, 22000 MiB free)\n  CUDA1: NVIDIA GeForce RTX 4090 (24564 MiB, 100 MiB free)\n",
    [
      { id: "CUDA0", name: "NVIDIA L4", memory_bytes: 22478 * mib },
      { id: "CUDA1", name: "NVIDIA GeForce RTX 4090", memory_bytes: 24564 * mib },
    ],
  ],
  [
    "a name with brackets",
    "Available devices:\n  Vulkan0: llvmpipe (LLVM 21.1.8, 256 bits) (24105 MiB, 23069 MiB free)\n",
    [{ id: "Vulkan0", name: "llvmpipe (LLVM 21.1.8, 256 bits)", memory_bytes: 24105 * mib }],
  ],
  ["none", "Available devices:\n  (none)\n", []],
  ["an empty list of older builds", "Available devices:\n", []],
  ["a build that does not know the question", "error: invalid argument: --list-devices", undefined],
  ["a driver that does not answer", "", undefined],
])("the list of devices: %s", (_, printed, devices) => {
  expect(devicesIn(printed)).toEqual(devices);
});

const l4 = "NVIDIA L4";
const big = "NVIDIA H200";
const gpus = [
  { index: 0, uuid: "GPU-a", name: l4 },
  { index: 1, uuid: "GPU-b", name: big },
  { index: 2, uuid: "GPU-c", name: l4 },
];
const listed = (...names: [id: string, name: string][]) =>
  names.map(([id, name]) => ({ id, name, memory_bytes: 1 }));
// Vulkan's own order: the integrated one last, the large one first.
const vulkan = listed(["Vulkan0", big], ["Vulkan1", l4], ["Vulkan2", l4], ["Vulkan3", "Intel UHD"]);

test.each([
  ["by name", vulkan, ["GPU-b"], "Vulkan0"],
  ["cards of one name in the bus's order", vulkan, ["GPU-c", "GPU-a"], "Vulkan2,Vulkan1"],
  ["by number where no name is known", listed(["SYCL0", "x"], ["SYCL1", "y"]), ["GPU-b"], "SYCL1"],
  [
    "nothing for CUDA, which sees those of its variable",
    listed(["CUDA0", l4]),
    ["GPU-a"],
    undefined,
  ],
  ["nothing for a GPU that is not known", vulkan, ["GPU-x"], undefined],
  ["nothing without devices", [], ["GPU-a"], undefined],
] as const)("--device: %s", (_, devices, wanted, argument) => {
  expect(deviceArgument(devices, wanted, gpus)).toBe(argument);
});
