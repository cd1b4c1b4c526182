import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { readLocalModel } from "../sizing/local-files.ts";
import { modelFrom } from "../sizing/model.ts";
import { gib, gpu, processors } from "./fleet.testbed.ts";
import type { Need } from "./fleet.ts";
import { fitOf, type Wanted } from "./need.ts";

const wanted = (name: string, more: Partial<Wanted> = {}): Wanted => ({
  model: modelFrom({ name }),
  runtime: "vllm",
  context_tokens: 8192,
  concurrency: 4,
  gpu: { type: null, count: null },
  ...more,
});

const h100 = gpu("g", { memory_bytes: 81_559 * 2 ** 20 });
const l4 = gpu("g", { kind: "NVIDIA L4", memory_bytes: 23_034 * 2 ** 20 });

function needOf(asked: Wanted, device = h100): Need {
  const answer = fitOf(asked).needOn(device);
  if ("unfit" in answer) throw new Error(answer.unfit);
  return answer;
}

describe("vLLM takes all of", () => {
  test.each([
    ["8B", h100, 1],
    ["8B", l4, 2],
    ["70B", h100, 4],
    ["70B-AWQ", h100, 1],
  ])("as few GPUs as hold a model of %s", (size, device, devices) => {
    const need = needOf(wanted(`org/model-${size}`), device);
    expect(need).toEqual({ devices, bytes_per_device: device.memory_bytes, guessed: false });
  });

  test("as many GPUs as were asked for", () => {
    expect(needOf(wanted("org/model-8B", { gpu: { type: null, count: 4 } })).devices).toBe(4);
  });
});

test("llama-server reserves what it needs of a GPU, so that several fit on one", () => {
  const need = needOf(wanted("org/model-8B-Q4_K_M-GGUF", { runtime: "llama-server" }));
  expect(need).toMatchObject({ devices: 1, guessed: false });
  expect(need.bytes_per_device).toBeGreaterThan(8 * gib);
  expect(need.bytes_per_device).toBeLessThan(12 * gib);
});

test("a card that the sizing does not list counts with the memory that its driver says", () => {
  const unlisted = gpu("g", { kind: "NVIDIA Q900", memory_bytes: 40 * gib });
  expect(needOf(wanted("org/model-8B"), unlisted).devices).toBe(1);
  expect(needOf(wanted("org/model-32B"), unlisted).devices).toBeGreaterThan(1);
});

test("part of a card counts with its own memory", () => {
  const part = gpu("g", { memory_bytes: 40 * gib });
  expect(needOf(wanted("org/model-32B"), part).devices).toBeGreaterThan(
    needOf(wanted("org/model-32B")).devices,
  );
});

test.each([
  [wanted("org/model-405B"), l4, /does not fit on \d+ × L4-24/],
  [wanted("org/model-70B", { gpu: { type: null, count: 1 } }), h100, /fits on 4 × H100-80/],
  [wanted("org/model-8B"), processors(512), /^vllm runs on GPUs only\.$/],
  [
    wanted("org/m-1B-GGUF", { runtime: "llama-server", gpu: { type: null, count: 2 } }),
    processors(512),
    /^A GPU was asked for \(`gpu.count` is 2\), and there is no host with one\.$/,
  ],
])("what cannot run says why (%#)", (asked, device, words) => {
  const answer = fitOf(asked).needOn(device);
  expect("unfit" in answer && answer.unfit).toMatch(words);
});

test("the longest context that fits on so many GPUs is known, also where the asked one does not", () => {
  const fit = fitOf(wanted("org/model-8B", { context_tokens: 4_000_000 }));
  expect("unfit" in fit.needOn(l4)).toBe(true);
  const [one, two] = [fit.longestContextOn(l4, 1), fit.longestContextOn(l4, 2)];
  expect(two).toBeGreaterThan(one);
  expect(needOf(wanted("org/model-8B", { context_tokens: two }), l4).devices).toBe(2);
  expect(fit.longestContextOn(processors(64), 1)).toBe(0);
});

test.each([
  ["vllm", h100.memory_bytes],
  ["llama-server", gib],
])("of a model of unknown size %s gets a guess, and it is marked", (runtime, bytes_per_device) => {
  const need = needOf(wanted("org/model-8B", { model: null, runtime }));
  expect(need).toEqual({ devices: 1, bytes_per_device, guessed: true });
});

describe("processors: as much as llama-server was measured to use, and less than 128 MiB or a half more", async () => {
  const demo = join(import.meta.dir, "../../../../agent/weights/demo/hypervize-demo.gguf");
  const model = modelFrom({ name: "demo.gguf", ...(await readLocalModel(demo)) });
  const mib = 2 ** 20;
  // Resident memory of build 11669 (Debian) after three requests per slot.
  test.each([
    [512, 1, 53.4],
    [2048, 4, 65.6],
    [8192, 4, 90.6],
    [32_768, 4, 192.6],
    [8192, 16, 201.5],
    [4096, 64, 365.2],
    [131_072, 8, 1138.2],
  ])("%d tokens, %d at once: %d MiB", (context_tokens, concurrency, resident_mib) => {
    const asked = { model, runtime: "llama-server", context_tokens, concurrency };
    const need = needOf({ ...asked, gpu: { type: null, count: null } }, processors(4));
    expect(need.bytes_per_device).toBeGreaterThan(resident_mib * mib);
    expect(need.bytes_per_device).toBeLessThan((resident_mib * 1.5 + 128) * mib);
  });
});

test("a kind is sized once", () => {
  const fit = fitOf(wanted("org/model-8B"));
  expect(fit.needOn(h100)).toBe(fit.needOn({ ...h100, id: "other", starting: true }));
  expect(fit.needOn(h100)).not.toBe(fit.needOn(l4));
});
