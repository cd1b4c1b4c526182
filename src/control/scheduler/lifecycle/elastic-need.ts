/** What a replica of a shared model needs, and whether one that runs has it. Pure. */
import type { Demand, Device, Fit } from "../placement/fleet.ts";
import { cpu, isOfType } from "../placement/kinds.ts";
import { measuredFit } from "../placement/measured-fit.ts";
import { fitOf } from "../placement/need.ts";
import type { FindMeasured } from "../sizing/measured.ts";
import type { ElasticModel } from "./elastic.ts";
import type { ReplicaRow } from "./world.ts";

/** By what is known of its weights; a guess where that is nothing. */
export const estimateOf = ({
  runtime,
  context_tokens,
  slots,
  gpu,
  model_facts,
}: ElasticModel): Fit =>
  fitOf({ model: model_facts, runtime, context_tokens, concurrency: slots, gpu });

/** ESTIMATE, but with what starts have really taken. */
export function elasticDemand(
  { source, runtime, context_tokens: context, slots, gpu }: ElasticModel,
  estimate: Fit,
  measured: FindMeasured = () => null,
): Demand {
  const fit = measuredFit(estimate, runtime !== "llama-server", (kind) =>
    measured({
      source,
      runtime,
      context,
      slots,
      gpu: kind,
      gpus: kind === cpu ? 0 : gpu.count,
      args: [],
      env: {},
    }),
  );
  return { ...fit, runtime, source, labels: {}, gpu_type: gpu.type, beside: new Set() };
}

/** DEVICE: the first of the replica's. */
export function hasAskedDevices(
  { devices }: Pick<ReplicaRow, "devices">,
  { gpu }: Pick<ElasticModel, "gpu">,
  device: Device,
): boolean {
  if (gpu.type !== null && !isOfType(device.kind, gpu.type)) return false;
  return gpu.count === null || device.kind === cpu || devices.length === gpu.count;
}

/** Whether a new specification can run on what is reserved for the old one. */
export function needsTheSame(
  { devices, bytes_per_device }: Pick<ReplicaRow, "devices" | "bytes_per_device">,
  { needOn }: Pick<Fit, "needOn">,
  device: Device,
): boolean {
  const need = needOn(device);
  if ("unfit" in need) return false;
  return need.devices === devices.length && need.bytes_per_device === bytes_per_device;
}
