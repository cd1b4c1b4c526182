/** GPU memory of a stand-in, claimed in the folder FAKE_GPU_CLAIMS, from where the stand-in for nvidia-smi tells it. */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.env["FAKE_GPU_CLAIMS"];
const gpus = (process.env["CUDA_VISIBLE_DEVICES"] ?? "").split(",").filter(Boolean);

/** From now on this process holds so many MiB on each of its GPUs. */
export function hold(mib: number): void {
  if (folder === undefined) return;
  const path = join(folder, String(process.pid));
  const lines = gpus.map((gpu) => `${gpu}, ${process.pid}, ${mib}, python3\n`);
  writeFileSync(`${path}.new`, lines.join(""));
  renameSync(`${path}.new`, path);
}
