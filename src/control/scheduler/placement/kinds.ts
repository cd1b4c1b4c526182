/** Kinds of devices: the words of people, of drivers and of the sizing table brought together. Pure. */
import { type Gpu, gpuNamed } from "../sizing/gpus.ts";

export const cpu = "cpu";

/** The GPU that a person or a driver means; undefined for one that the sizing table does not list. */
export function knownGpu(word: string): Gpu | undefined {
  try {
    return gpuNamed(word);
  } catch {
    return undefined;
  }
}

/** How people call a kind. */
export const kindName = (kind: string): string => knownGpu(kind)?.name ?? kind;

/**
 * Whether a device of KIND is what somebody ASKED for. A type that the table does not list is compared
 * by its bare name, also with the family of a listed card: `A100` is the one with 40 and with 80 GiB.
 */
export function isOfType(kind: string, asked: string): boolean {
  if (kind === cpu || asked.toLowerCase() === cpu) return kind === asked.toLowerCase();
  const wanted = knownGpu(asked);
  const found = knownGpu(kind);
  if (wanted && found) return wanted.name === found.name;
  if (wanted) return false;
  return bare(asked) === (found ? found.name.split("-")[0] : bare(kind));
}

const bare = (name: string): string =>
  name
    .toUpperCase()
    .replace(/NVIDIA|GEFORCE|QUADRO|TESLA|AMD|INSTINCT|RADEON|GRAPHICS/g, "")
    .replace(/[^A-Z0-9]/g, "");
