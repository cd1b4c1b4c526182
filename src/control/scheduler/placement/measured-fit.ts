/** What a model needs where it has run before, instead of what the formula says. Pure. */
import { withMargin } from "../sizing/measured.ts";
import type { Measured } from "../sizing/plan.ts";
import type { Device, Fit, Need, Unfit } from "./fleet.ts";
import { cpu } from "./kinds.ts";

/** KIND: a GPU's name as the driver writes it, or `cpu`. */
export type FindOn = (kind: string) => Measured | null;

/**
 * FIT, but with the memory that starts on such a device really took, where there were any. ALONE: the
 * runtime fills a share of the GPU with its cache, so that what it took says nothing of what it needs.
 */
export function measuredFit(fit: Fit, alone: boolean, find: FindOn): Fit {
  const found = new Map<string, Measured | null>();
  return {
    needOn(device) {
      const { kind } = device;
      const estimate = fit.needOn(device);
      // Of processors it does not doubt the room but the wish.
      if (kind === cpu && "unfit" in estimate) return estimate;
      const measured = found.has(kind) ? (found.get(kind) ?? null) : find(kind);
      found.set(kind, measured);
      return (measured && needMeasured(measured, device, alone)) ?? estimate;
    },
    longestContextOn: (device, devices) => fit.longestContextOn(device, devices),
  };
}

/** Null for what was not measured: a driver may not say what a process holds. */
function needMeasured(measured: Measured, device: Device, alone: boolean): Need | Unfit | null {
  const onProcessors = device.kind === cpu;
  const seen = onProcessors ? measured.memory_bytes : measured.gpu_bytes;
  const devices = onProcessors ? 1 : measured.gpus;
  if (devices === 0 || seen === 0) return null;
  if (alone) return { devices, bytes_per_device: device.memory_bytes, guessed: false };
  // It ran on a device of this size, so the margin alone cannot make it unfit.
  const bytes_per_device = onProcessors
    ? withMargin(seen)
    : Math.max(seen, Math.min(withMargin(seen), device.memory_bytes));
  return { devices, bytes_per_device, guessed: false };
}
