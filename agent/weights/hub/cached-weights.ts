import { chooseGguf } from "../../contract/gguf-choice.ts";
import { type HubSource, hubSource } from "../../contract/hub-source.ts";
import type { WeightsFound } from "../weights.ts";
import { RepoCache } from "./repo-cache.ts";

/** Where nobody names a revision; every repository of the hub has it. */
export const DEFAULT_REVISION = "main";

export interface CachedWeights extends WeightsFound {
  commit: string;
  /** The first file of the set. */
  name: string;
}

/**
 * What a source means, when all of it lies here. A branch is what it was when something of it was
 * last fetched. Without a listing of the repository the usual quant may not be guessed.
 */
export async function findCached(
  cache: RepoCache,
  { revision, word }: HubSource,
): Promise<CachedWeights | undefined> {
  const commit = await cache.commitOf(revision ?? DEFAULT_REVISION);
  if (commit === undefined) return undefined;
  const listing = await cache.listing(commit);
  if (listing === undefined && word === null) return undefined;
  const choice = chooseGguf(listing ?? (await cache.whole(commit)), word);
  return "files" in choice ? wholeSet(cache, commit, choice.files) : undefined;
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
    bytes: whole.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** The source of every GGUF model that lies whole in HUB_FOLDER, by its commit and its first file. */
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
    }
  }
  return sources;
}
