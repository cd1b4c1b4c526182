/** What a runtime sees of its host's GPUs, as it says itself. */
export interface RuntimeDevice {
  /** As the runtime names it: Vulkan0, CUDA1. */
  id: string;
  name: string;
  memory_bytes: number;
}

export interface SeenDevices {
  /** It was asked what it sees, and answered. Older agents do not ask. */
  says_devices?: boolean;
  /** Besides the processors; none where it runs on these alone. Means nothing where it does not say. */
  devices?: RuntimeDevice[];
}

/** It has said that it sees no GPU: on one it would run on the processors, and nobody would know. */
export const seesNoGpu = ({ says_devices, devices }: SeenDevices): boolean =>
  says_devices === true && (devices ?? []).length === 0;

/** For people; empty where it does not say. */
export function deviceWords({ says_devices, devices = [] }: SeenDevices): string {
  if (!says_devices) return "";
  if (devices.length === 0) return "no GPU";
  return devices.map(({ id, name }) => `${id} ${name}`).join(", ");
}
