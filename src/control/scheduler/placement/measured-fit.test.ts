import { expect, test } from "bun:test";
import type { Measured } from "../sizing/plan.ts";
import { gib, gpu, processors } from "./fleet.testbed.ts";
import type { Fit } from "./fleet.ts";
import { measuredFit } from "./measured-fit.ts";

const estimate: Fit = {
  needOn: () => ({ devices: 2, bytes_per_device: 30 * gib, guessed: false }),
  longestContextOn: () => 4096,
};
const unfit: Fit = { ...estimate, needOn: () => ({ unfit: "It does not fit." }) };
const seen = (changes: Partial<Measured> = {}): Measured => ({
  gpu: "NVIDIA H100",
  gpus: 1,
  context_tokens: 8192,
  concurrency: 4,
  context: 8192,
  slots: 4,
  gpu_bytes: 20 * gib,
  memory_bytes: 2 * gib,
  count: 1,
  last_at: 0,
  start_p50_ms: 1,
  start_p95_ms: 1,
  ...changes,
});
const card = gpu("g", { memory_bytes: 80 * gib });

test("what was measured counts instead of the estimate, with a margin", () => {
  expect(measuredFit(estimate, false, () => seen()).needOn(card)).toEqual({
    devices: 1,
    bytes_per_device: 21 * gib,
    guessed: false,
  });
});

test("what has run on a card fits it, whatever the estimate and the margin say", () => {
  const full = seen({ gpu_bytes: 79.9 * gib });
  expect(measuredFit(unfit, false, () => full).needOn(card)).toMatchObject({
    bytes_per_device: 80 * gib,
  });
});

test("an engine that fills the card still needs all of it", () => {
  const need = measuredFit(estimate, true, () => seen()).needOn(card);
  expect(need).toMatchObject({ devices: 1, bytes_per_device: 80 * gib });
});

test("on processors the host's memory counts, and who asked for a GPU does not get them", () => {
  const host = processors(64 * gib);
  expect(measuredFit(estimate, false, () => seen()).needOn(host)).toMatchObject({
    devices: 1,
    bytes_per_device: 2.25 * gib,
  });
  expect(measuredFit(unfit, false, () => seen()).needOn(host)).toEqual({
    unfit: "It does not fit.",
  });
});

test("without a measure, or where the driver does not say, the estimate counts", () => {
  for (const found of [null, seen({ gpu_bytes: 0 })]) {
    expect(measuredFit(estimate, false, () => found).needOn(card)).toMatchObject({
      bytes_per_device: 30 * gib,
    });
  }
});

test("one question per kind of device", () => {
  let questions = 0;
  const fit = measuredFit(estimate, false, () => {
    questions += 1;
    return null;
  });
  for (let i = 0; i < 5; i += 1) fit.needOn(card);
  expect(questions).toBe(1);
});
