/** Reads what a safetensors header or index says of the size of its tensors (github.com/huggingface/safetensors, "Format"). */
import { isDocument } from "./document.ts";

/** The reference implementation's own limit. */
const longest_header = 100_000_000;

/** A pebibyte: no model comes near, and sums of such stay whole numbers. */
export const largest_model = 2 ** 50;

/** Bytes of the header behind the first 8 bytes of a file. Throws an Error with the reason. */
export function headerLength(first: Uint8Array): number {
  if (first.byteLength < 8) throw new Error("it is shorter than 8 bytes");
  const length = Number(new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true));
  if (length < 2 || length > longest_header) throw new Error("its header has an impossible length");
  return length;
}

/** Sum of the tensors that a header lists. Throws an Error with the reason. */
export function headerBytes(header: unknown): number {
  if (!isDocument(header)) throw new Error("its header is not a JSON object");
  const bytes = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .reduce((sum, [name, tensor]) => sum + tensorBytes(name, tensor), 0);
  if (bytes > largest_model) throw new Error("its tensors are impossibly large");
  return bytes;
}

function tensorBytes(name: string, tensor: unknown): number {
  const offsets = isDocument(tensor) ? tensor["data_offsets"] : undefined;
  const [from, to] = Array.isArray(offsets) ? offsets : [];
  if (Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && to >= from) {
    return to - from;
  }
  throw new Error(`its tensor ${JSON.stringify(name.slice(0, 64))} has no valid offsets`);
}

export interface Index {
  files: readonly string[];
  /** Null when the index does not say. */
  total_bytes: number | null;
}

/** `model.safetensors.index.json`. Throws an Error with the reason. */
export function indexOf(value: unknown): Index {
  const map = isDocument(value) ? value["weight_map"] : undefined;
  const metadata = isDocument(value) && isDocument(value["metadata"]) ? value["metadata"] : {};
  if (!isDocument(map)) throw new Error("it has no `weight_map`");
  const total = metadata["total_size"];
  return {
    files: [...new Set(Object.values(map).filter((file) => typeof file === "string"))],
    total_bytes:
      typeof total === "number" && total > 0 && total <= largest_model ? Math.round(total) : null,
  };
}
