import { createHash } from "node:crypto";
import { mkdir, open, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, temporaryFor } from "../files/durable-file.ts";
import { StartError } from "../replicas/start-error.ts";
import demo from "./demo/hypervize-demo.gguf" with { type: "file" };
import type { Builtins } from "./source.ts";

/** The models inside this program, copied on first use to FOLDER. */
export function builtinsIn(folder: string): Builtins {
  return { "hypervize-demo": () => copyOnce(demo, "hypervize-demo", folder) };
}

/**
 * Copies EMBEDDED out of the program unless a copy with the same content lies there, and returns its
 * path. The content's hash is part of the name: an upgrade never rewrites a file that a running
 * runtime has mapped. A copy with other content under that name is replaced.
 */
export async function copyOnce(embedded: string, name: string, folder: string): Promise<string> {
  const sha256 = await sha256Of(embedded);
  const path = join(folder, `${name}-${sha256.slice(0, 16)}.gguf`);
  if (await hasContent(path, Bun.file(embedded).size, sha256)) return path;
  const temporary = temporaryFor(path);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await copy(embedded, temporary);
    await rename(temporary, path);
    return path;
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    if (errorCode(error) === "ENOSPC") {
      throw new StartError(
        "disk_full",
        `The disk that holds ${folder} is full. Free some space.`,
        true,
      );
    }
    throw error;
  }
}

async function hasContent(path: string, size: number, sha256: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.size === size && (await sha256Of(path)) === sha256;
}

async function copy(from: string, to: string): Promise<void> {
  const file = await open(to, "w", 0o600);
  try {
    for await (const chunk of Bun.file(from).stream()) await file.writeFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of Bun.file(path).stream()) hash.update(chunk);
  return hash.digest("hex");
}
