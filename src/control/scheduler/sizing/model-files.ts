/** Reads a model's config and headers out of its files by range, wherever they lie. */
import { partsOf } from "../../../../agent/contract/gguf/gguf-name.ts";
import { readGguf } from "../../../../agent/contract/gguf/header.ts";
import { badRequest, Failure } from "../../../shared/failure.ts";
import { type ConfigFacts, factsOfConfig } from "./config.ts";
import type { ModelFacts } from "./facts.ts";
import { factsOfGguf, tensorsBytes } from "./gguf-facts.ts";
import type { ReadWeights } from "./model.ts";
import { headerBytes, headerLength, indexOf, largest_model } from "./safetensors.ts";

/** A folder of files: a directory here, a repository on a hub. */
export interface ModelFiles {
  /** Names without folders. */
  names(): Promise<readonly string[]>;
  /** Fewer bytes than asked for at the end of the file. */
  read(name: string, offset: number, length: number): Promise<Uint8Array>;
}

export interface FileFacts {
  config?: ConfigFacts;
  facts?: ModelFacts;
  weights?: ReadWeights;
}

const files_at_once = 8;
const longest_json = 64 * 1024 * 1024;
/** The further parts of a split file carry no tokenizer. */
const further = { first_bytes: 64 * 1024 };

/** Config and weights of a folder of safetensors. Throws a 400 that names the file that cannot be read. */
export async function readSafetensors(files: ModelFiles): Promise<FileFacts> {
  const config = await readConfig(files);
  const weights = await readWeights(files);
  return { ...(config && { config }), ...(weights && { weights }) };
}

/** Throws a 400 of code `unreadable_file` for what is no JSON, and one that names the field that is wrong or missing. */
export async function readConfig(files: ModelFiles): Promise<ConfigFacts | undefined> {
  if (!(await files.names()).includes("config.json")) return undefined;
  return factsOfConfig(await json(files, "config.json"));
}

/** Throws a 400 of code `unreadable_file`. */
export async function readWeights(files: ModelFiles): Promise<ReadWeights | undefined> {
  const names = await files.names();
  const all = names.filter((name) => name.endsWith(".safetensors"));
  const listing = names.find((name) => name.endsWith(".safetensors.index.json"));
  const index =
    listing === undefined
      ? undefined
      : await about(listing, async () => indexOf(await json(files, listing)));
  // Mistral's `consolidated` files hold the same tensors a second time.
  const single = all.filter((name) => !name.startsWith("consolidated"));
  const shards = index ? index.files : single.length > 0 ? single : all;
  if (shards.length > 0 && shards.every((name) => all.includes(name))) {
    return { bytes: await sum(shards, (name) => safetensorsBytes(files, name)), source: "headers" };
  }
  return index?.total_bytes ? { bytes: index.total_bytes, source: "index" } : undefined;
}

/** On a hub each header is a round trip or two, and large models have 200 of them. */
async function sum(
  names: readonly string[],
  bytesOf: (name: string) => Promise<number>,
): Promise<number> {
  const rest = [...names];
  let bytes = 0;
  const worker = async (): Promise<void> => {
    for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
      const more = await bytesOf(name);
      bytes += more;
    }
  };
  await Promise.all(Array.from({ length: files_at_once }, worker));
  if (bytes <= largest_model) return bytes;
  throw badRequest("The headers of its files claim impossibly large tensors.", "model");
}

const safetensorsBytes = (files: ModelFiles, name: string): Promise<number> =>
  about(name, async () => {
    const length = headerLength(await files.read(name, 0, 8));
    const header = await files.read(name, 8, length);
    return headerBytes(JSON.parse(new TextDecoder().decode(header)));
  });

/** Facts and weights of a GGUF file, with all the parts when it is split. */
export async function readGgufModel(files: ModelFiles, name: string): Promise<FileFacts> {
  const [first, ...others] = partsOf(name);
  const header = await ggufHeader(files, first ?? name);
  const more = await sum(others, async (part) => (await ggufHeader(files, part, further)).bytes);
  const bytes = header.bytes + more;
  return { facts: factsOfGguf(header), weights: { bytes, source: "headers" } };
}

const ggufHeader = (files: ModelFiles, name: string, reading?: { first_bytes: number }) =>
  about(name, async () => {
    const header = await readGguf((length) => files.read(name, 0, length), reading);
    return { ...header, bytes: tensorsBytes(header) };
  });

const json = (files: ModelFiles, name: string): Promise<unknown> =>
  about(name, async () =>
    JSON.parse(new TextDecoder().decode(await files.read(name, 0, longest_json))),
  );

/** Says which file it was. */
async function about<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(400, `${name} cannot be read: ${reason}. Check that it is whole.`, {
      code: "unreadable_file",
      param: "model",
      cause: error,
    });
  }
}
