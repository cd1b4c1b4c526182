import { type FileHandle, open } from "node:fs/promises";
import { GgufError, readGguf } from "../contract/gguf/header.ts";
import { StartError } from "../replicas/start-error.ts";

/**
 * Reads the header of a GGUF file and checks that every tensor that it lists lies inside the file, so that a
 * half-copied file is refused before a process is spent on it. Returns the file's size in bytes; throws a
 * Refusal with a sentence for a person.
 */
export async function checkGguf(path: string): Promise<number> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const fault = await faultOf(file, size);
    if (fault === undefined) return size;
    throw new StartError(
      "config",
      `The model file ${path} is damaged or incomplete: ${fault}. Copy or download it again.`,
    );
  } finally {
    await file.close();
  }
}

async function faultOf(file: FileHandle, size: number): Promise<string | undefined> {
  const read = async (length: number): Promise<Uint8Array> => {
    const buffer = Buffer.alloc(Math.min(length, size));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  };
  try {
    const start = Buffer.from(await read(4)).toString("latin1");
    if (start.length === 4 && start !== "GGUF") return "it does not begin like a GGUF file";
    const { tensors, data_at } = await readGguf(read, { size });
    // Those of a type from the future count as empty.
    const end = tensors.reduce((most, { offset, bytes = 0 }) => Math.max(most, offset + bytes), 0);
    if (data_at + end <= size) return undefined;
    return `it has ${size} bytes where its header asks for ${data_at + end}`;
  } catch (error) {
    if (error instanceof GgufError) return error.message;
    throw error;
  }
}
