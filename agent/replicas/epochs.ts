import { readFile } from "node:fs/promises";
import { isMissing, writeDurably } from "../files/durable-file.ts";

/** More than any host's replicas in flight; a replica's id is never used again after its removal. */
const remembered = 2000;

/** The highest epoch ever started here, by replica id: the fence against a late Desired. */
export interface Epochs {
  readonly all: ReadonlyMap<string, number>;
  /** Durable when the promise settles. */
  record(id: string, epoch: number): Promise<void>;
}

/** Kept in one JSON file. Rejects with a sentence when the file is damaged. */
export async function epochsIn(path: string): Promise<Epochs> {
  const all = new Map(await readEpochs(path));
  let written = Promise.resolve();
  return {
    all,
    async record(id, epoch) {
      const before = all.get(id);
      if (before !== undefined && before >= epoch) return;
      all.delete(id);
      all.set(id, epoch);
      for (const oldest of all.keys()) {
        if (all.size <= remembered) break;
        all.delete(oldest);
      }
      const text = JSON.stringify([...all]);
      const writing = written.then(() => writeDurably(path, text));
      written = writing.catch(() => undefined);
      try {
        await writing;
      } catch (error) {
        // What is not durable was not recorded: the next attempt must write again.
        if (before === undefined) all.delete(id);
        else all.set(id, before);
        throw error;
      }
    },
  };
}

async function readEpochs(path: string): Promise<[string, number][]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  try {
    return JSON.parse(text) as [string, number][];
  } catch {
    throw new Error(`${path} is damaged. Stop the runtimes of this host and delete the file.`);
  }
}
