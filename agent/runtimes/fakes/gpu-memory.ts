/** GPU memory of a stand-in, claimed in the folder FAKE_GPU_CLAIMS, from where the stand-in for nvidia-smi tells it. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.env["FAKE_GPU_CLAIMS"];
const visible = (process.env["CUDA_VISIBLE_DEVICES"] ?? "").split(",").filter(Boolean);

/** By UUID, as the driver tells it, also where it was given by number. */
function uuidOf(word: string): string {
  if (folder === undefined || !/^\d+$/.test(word)) return word;
  const lines = readFileSync(join(folder, "..", "gpus.csv"), "utf8").split("\n");
  return lines.find((line) => line.startsWith(`${word}, `))?.split(", ")[1] ?? word;
}

/** From now on this process holds so many MiB on each of its GPUs. */
export function hold(mib: number): void {
  if (folder === undefined) return;
  const path = join(folder, String(process.pid));
  const lines = visible.map((gpu) => `${uuidOf(gpu)}, ${process.pid}, ${mib}, python3\n`);
  writeFileSync(`${path}.new`, lines.join(""));
  renameSync(`${path}.new`, path);
}

/** The first of its GPUs that is no number: what Python's int() makes of it. */
export function notANumber(): string | undefined {
  const word = visible.find((one) => !/^\d+$/.test(one));
  return word && `ValueError: invalid literal for int() with base 10: '${word}'`;
}

/** How many GPUs it sees. */
export const gpuCount = visible.length;
