import type { DesiredReplica } from "../contract/messages.ts";

/** The GPUs, by UUID, that a replica may use; "cpu" in `devices` is none. */
export const gpusOf = ({ devices }: Pick<DesiredReplica, "devices">): string[] =>
  devices.filter((device) => device !== "cpu");

/** Which GPUs it may see. Elastic replicas without a place of their own see all of them. */
export function devicesFor(spec: Pick<DesiredReplica, "devices">): Record<string, string> {
  return spec.devices.length === 0 ? {} : { CUDA_VISIBLE_DEVICES: gpusOf(spec).join(",") };
}
