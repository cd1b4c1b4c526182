/** A model in the file system: a .gguf file, or a folder of safetensors. */
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { badRequest } from "../../../shared/failure.ts";
import { type FileFacts, type ModelFiles, readGgufModel, readSafetensors } from "./model-files.ts";

/** Undefined when there is no such path, so that it is the name of a model. Throws a 400 for a file that is no model. */
export async function readLocalModel(path: string): Promise<FileFacts | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return undefined;
  if (!found.isDirectory()) {
    // Opening a pipe would wait for a writer.
    if (found.isFile() && path.endsWith(".gguf"))
      return readGgufModel(directory(dirname(path)), basename(path));
    throw badRequest(`${path} is neither a .gguf file nor a folder of safetensors.`, "model");
  }
  const facts = await readSafetensors(directory(path));
  if (facts.config || facts.weights) return facts;
  const gguf = (await readdir(path)).sort().find((name) => name.endsWith(".gguf"));
  if (gguf) return readGgufModel(directory(path), gguf);
  throw badRequest(`${path} holds no config.json, no safetensors and no .gguf file.`, "model");
}

function directory(path: string): ModelFiles {
  return {
    names: () => readdir(path),
    async read(name, offset, length) {
      const file = await open(join(path, name));
      try {
        return await slice(file, offset, length);
      } finally {
        await file.close();
      }
    },
  };
}

async function slice(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const { size } = await file.stat();
  const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
  const { bytesRead } = await file.read(bytes, 0, bytes.byteLength, offset);
  return bytes.subarray(0, bytesRead);
}
