import { expect, test } from "bun:test";
import { freeFor, type Slot } from "./fleet-index.ts";

const slot = (free_bytes: number, asleep_bytes: number): Slot => ({
  id: "g0",
  memory_bytes: 1000,
  free_bytes,
  leaving_bytes: 0,
  asleep_bytes,
  starting: false,
});

test("what it holds itself is free for it, and a twentieth that sleepers keep does not stop whoever takes it whole", () => {
  const asked: [bytes: number, slot: Slot, own: number, free: number][] = [
    [500, slot(600, 0), 0, 600],
    [500, slot(600, 0), 300, 900],
    // Whole: up to 50 of it, and its own sleep is no other's.
    [1000, slot(970, 30), 0, 1000],
    [1000, slot(900, 100), 0, 950],
    [1000, slot(940, 60), 20, 1000],
    [1000, slot(980, 20), 20, 1000],
    [999, slot(970, 30), 0, 970],
  ];
  for (const [bytes, on, own, free] of asked) {
    expect([bytes, own, freeFor(bytes, on, own)]).toEqual([bytes, own, free]);
  }
});
