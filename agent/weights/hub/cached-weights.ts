import { dirname } from "node:path";
import { chooseGguf } from "../../contract/gguf/gguf-choice.ts";
import { type HubSource, hubSource } from "../../contract/gguf/hub-source.ts";
import { chooseSnapshot } from "../../contract/gguf/snapshot-choice.ts";
import type { WeightsFormat, WeightsFound, WeightsRequest } from "../weights.ts";
import { RepoCache } from "./repo-cache.ts";

/** Where nobody names a revision; every repository of the hub has it. */
export const default_revision = "main";

export interface CachedWeights extends WeightsFound {
  commit: string;
  /** The first file of the set; null for a whole snapshot. */
  name: string | null;
  /** Paths of all its files. */
  files: readonly string[];
}

/**
 * What a source means, when all of it lies here. A branch is what it was when something of it was
 * last fetched. Without a listing of the repository the usual quant may not be guessed.
 */
export async function findCached(
  cache: RepoCache,
  { revision, word }: HubSource,
  format: WeightsRequest["format"],
): Promise<CachedWeights | undefined> {
  const commit = await cache.commitOf(revision ?? default_revision);
  if (commit === undefined) return undefined;
  const listing = await cache.listing(commit);
  if (meant(format, word, listing ?? []) === "safetensors") {
    const files = chooseSnapshot(listing ?? []);
    return files && wholeSnapshot(cache, commit, files);
  }
  if (listing === undefined && word === null) return undefined;
  const choice = chooseGguf(listing ?? (await cache.whole(commit)), word);
  return "files" in choice ? wholeSet(cache, commit, choice.files) : undefined;
}

/** NAMES: all files of the repository. */
export function meant(
  format: WeightsRequest["format"],
  word: string | null,
  names: readonly string[],
): WeightsFormat {
  if (format !== "either") return format;
  return word === null && chooseSnapshot(names) ? "safetensors" : "gguf";
}

/** Undefined when a file of FILES is missing. */
export async function wholeSet(
  cache: RepoCache,
  commit: string,
  files: readonly string[],
): Promise<CachedWeights | undefined> {
  const found = await Promise.all(files.map((name) => cache.find(commit, name)));
  const whole = found.filter((file) => file !== undefined);
  const [first] = whole;
  const [name] = files;
  if (first === undefined || name === undefined || whole.length < files.length) return undefined;
  return {
    commit,
    name,
    path: first.path,
    files: whole.map(({ path }) => path),
    bytes: whole.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** The folder of COMMIT; undefined when a file of FILES is missing in it. */
export async function wholeSnapshot(
  cache: RepoCache,
  commit: string,
  files: readonly string[],
): Promise<CachedWeights | undefined> {
  const set = await wholeSet(cache, commit, files);
  const top = files.find((name) => !name.includes("/"));
  const file = set && top !== undefined ? await cache.find(commit, top) : undefined;
  return set && file && { ...set, name: null, path: dirname(file.path) };
}

/** The source of every model that lies whole in HUB_FOLDER, by its commit and, for GGUF, its first file. */
export async function cachedSources(hub_folder: string): Promise<string[]> {
  const sources: string[] = [];
  for (const repository of await RepoCache.repositoriesIn(hub_folder)) {
    const cache = new RepoCache(hub_folder, repository);
    for (const revision of await cache.commits()) {
      const names = await cache.whole(revision);
      const isFirst = (name: string) => {
        const choice = chooseGguf(names, name);
        return "files" in choice && choice.files[0] === name;
      };
      for (const word of names.filter(isFirst)) {
        sources.push(hubSource({ repository, revision, word }));
      }
      if (await findCached(cache, { repository, revision, word: null }, "safetensors")) {
        sources.push(hubSource({ repository, revision, word: null }));
      }
    }
  }
  return sources;
}
