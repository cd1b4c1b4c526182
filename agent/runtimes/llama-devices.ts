/** The devices that a build of llama-server sees, and which of them a GPU of the host is. Pure. */
import type { RuntimeDevice } from "../contract/runtime-device.ts";
import type { HostGpu } from "./runtime.ts";

const mib_value = 2 ** 20;

/**
 * Reads `llama-server --list-devices` ("  Vulkan0: NVIDIA L4 (24570 MiB, 24000 MiB free)"), which names what its
 * backends found besides the processors. Undefined when that is not what was printed: then nothing is known.
 */
export function devicesIn(printed: string): RuntimeDevice[] | undefined {
  const [, list] = printed.split(/^Available devices:$/m);
  if (list === undefined) return undefined;
  const lines = list.matchAll(/^ +([A-Za-z]+\d+): (.+) \((\d+) MiB, \d+ MiB free\)$/gm);
  return [...lines].map(([, id = "", name = "", mib]) => ({
    id,
    name,
    memory_bytes: Number(mib) * mib_value,
  }));
}

/**
 * The value of --device for a replica that may use GPUS. CUDA's build sees those of CUDA_VISIBLE_DEVICES alone; others,
 * such as Vulkan, see all GPUs whatever that says, so they are named. Cards of one name are in the bus's order
 * on both sides. Undefined where nothing has to be said.
 */
export function deviceArgument(
  devices: readonly RuntimeDevice[],
  wanted: readonly string[],
  gpus: readonly HostGpu[],
): string | undefined {
  const others = devices.filter(({ id }) => !id.startsWith("CUDA"));
  if (others.length === 0) return undefined;
  const known = [...gpus].sort((a, b) => a.index - b.index);
  const ids = wanted.flatMap((uuid) => {
    const gpu = known.find((one) => one.uuid === uuid);
    const id = gpu && (ofSameName(others, gpu, known) ?? others[known.indexOf(gpu)]?.id);
    return id === undefined ? [] : [id];
  });
  return ids.length > 0 && ids.length === wanted.length ? ids.join(",") : undefined;
}

function ofSameName(devices: readonly RuntimeDevice[], gpu: HostGpu, gpus: readonly HostGpu[]) {
  const place = gpus.filter(({ name }) => name === gpu.name).indexOf(gpu);
  return devices.filter(({ name }) => name.includes(gpu.name))[place]?.id;
}
