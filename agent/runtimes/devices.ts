import type { DesiredReplica } from "../contract/protocol/messages.ts";
import { isAtLeast } from "./python-package.ts";
import type { HostFacts } from "./runtime.ts";

/** The GPUs, by UUID, that a replica may use; "cpu" in `devices` is none. */
export const gpusOf = ({ devices }: Pick<DesiredReplica, "devices">): string[] =>
  devices.filter((device) => device !== "cpu");

/** Which GPUs it may see, by UUID. Replicas of shared models without reserved devices see all of them. */
export function devicesFor(spec: Pick<DesiredReplica, "devices">): Record<string, string> {
  return spec.devices.length === 0 ? {} : { CUDA_VISIBLE_DEVICES: gpusOf(spec).join(",") };
}

/** From which version on an engine takes UUIDs: before, it makes numbers of them and dies (vllm#20939, vllm#45026). */
const takes_uuids: Readonly<Record<string, string | undefined>> = {
  vllm: "0.24.0",
  // Its all-reduce makes numbers of them with two GPUs or more, still in 0.5.23 (sglang#25996).
  sglang: undefined,
};

interface Engine {
  name: string;
  /** "unknown" where nothing says it. */
  version: string;
}

/**
 * The same for an engine in Python. By number where UUIDs may not be taken: every version takes those. In the order of
 * the bus they are nvidia-smi's; CUDA's own order is by speed. UUIDs are better where they are safe: a GPU that the
 * driver loses moves the numbers of those behind it.
 */
export function devicesForEngine(
  spec: Pick<DesiredReplica, "devices">,
  engine: Engine,
  { gpus }: Pick<HostFacts, "gpus">,
): Record<string, string> {
  const wanted = gpusOf(spec);
  if (wanted.length === 0 || takesUuids(engine)) return devicesFor(spec);
  const numbers = wanted.map((uuid) => gpus?.find((gpu) => gpu.uuid === uuid)?.index);
  if (numbers.some((number) => number === undefined)) return devicesFor(spec);
  return byNumber(numbers);
}

/** Inside a container, which is given these GPUs alone: they are numbered from 0 there, and all others are out of reach. */
export function devicesInside(spec: Pick<DesiredReplica, "devices">, engine: Engine) {
  const wanted = gpusOf(spec);
  if (wanted.length === 0 || takesUuids(engine)) return devicesFor(spec);
  return byNumber(wanted.map((_, number) => number));
}

const byNumber = (numbers: readonly unknown[]) => ({
  CUDA_DEVICE_ORDER: "PCI_BUS_ID",
  CUDA_VISIBLE_DEVICES: numbers.join(","),
});

function takesUuids({ name, version }: Engine): boolean {
  const since = takes_uuids[name];
  return since !== undefined && /^\d/.test(version) && isAtLeast(version, since);
}
