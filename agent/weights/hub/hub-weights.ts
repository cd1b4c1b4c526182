import { chooseGguf } from "../../contract/gguf-choice.ts";
import { type HubSource, hubSource, parseHubSource } from "../../contract/hub-source.ts";
import { chooseSnapshot } from "../../contract/snapshot-choice.ts";
import { Refusal } from "../../refusal.ts";
import type { WeightsFound, WeightsRequest } from "../weights.ts";
import {
  type CachedWeights,
  cachedSources,
  DEFAULT_REVISION,
  findCached,
  meant,
  wholeSet,
  wholeSnapshot,
} from "./cached-weights.ts";
import { ProgressWatch } from "./download-progress.ts";
import { Downloads, type DownloadTools } from "./downloads.ts";
import { RepoCache } from "./repo-cache.ts";
import { describeFile, type HubFile, listRepository } from "./repository.ts";
import { persist } from "./trouble.ts";

export interface HubWeightsTools extends DownloadTools {
  report_every_ms: number;
}

/**
 * Weights from a hub, kept on this host. What lies here whole is used without a request: a branch
 * stays at the commit of which it was fetched, and a newer one is named by its commit.
 */
export class HubWeights {
  private readonly tools: HubWeightsTools;
  private readonly downloads: Downloads;
  private readonly known: Set<string>;

  private constructor(tools: HubWeightsTools, known: Set<string>) {
    this.tools = tools;
    this.downloads = new Downloads(tools);
    this.known = known;
  }

  /** Looks once for what lies in the folder. */
  static async open(tools: HubWeightsTools): Promise<HubWeights> {
    return new HubWeights(tools, new Set(await cachedSources(tools.folder)));
  }

  /** Sources whose weights lie here whole: by commit and file, and as they were asked for. */
  sources(): readonly string[] {
    return [...this.known];
  }

  /** Throws a Refusal, or the signal's reason once that aborts; what came so far is used the next time. */
  async get(request: WeightsRequest): Promise<WeightsFound> {
    const named = parseHubSource(request.source);
    if (named === undefined) {
      throw new Refusal(
        "config",
        `${JSON.stringify(request.source)} names nothing on a hub. Write it as hf:ORG/REPO, with @REVISION and :FILE or :QUANT if needed.`,
      );
    }
    const { repository } = named;
    const cache = new RepoCache(this.tools.folder, repository);
    const { commit, name, path, bytes } =
      (await findCached(cache, named, request.format)) ?? (await this.fetch(cache, named, request));
    this.known.add(hubSource({ repository, revision: commit, word: name }));
    this.known.add(request.source);
    return { path, bytes };
  }

  private async fetch(
    cache: RepoCache,
    { repository, revision, word }: HubSource,
    { format, hf_token: token, signal, tell }: WeightsRequest,
  ): Promise<CachedWeights> {
    const { hub, report_every_ms } = this.tools;
    const view = { repository, revision: revision ?? DEFAULT_REVISION, token, signal };
    const watch = new ProgressWatch(tell, report_every_ms, hub.now);
    try {
      const listing = await persist(() => listRepository(hub, view), signal, hub);
      const gguf = meant(format, word, listing.names) === "gguf";
      const names = gguf
        ? chosenFrom(listing.names, word, repository)
        : snapshotFrom(listing.names, repository);
      const at = { ...view, revision: listing.commit };
      const files: HubFile[] = [];
      for (const name of names) {
        files.push(await persist(() => describeFile(hub, at, name), signal, hub));
      }
      const follow = watch.follow.bind(watch);
      await this.downloads.fetch({ cache, view, listing, files, follow });
      const whole = gguf ? wholeSet : wholeSnapshot;
      const found = await whole(cache, listing.commit, names);
      if (found === undefined) throw new Error(`${names.join(", ")} vanished from the disk.`);
      return found;
    } finally {
      watch.end();
    }
  }
}

function chosenFrom(
  names: readonly string[],
  word: string | null,
  repository: string,
): readonly string[] {
  const choice = chooseGguf(names, word);
  if ("files" in choice) return choice.files;
  if (choice.choices.length === 0) {
    throw new Refusal(
      "config",
      `${repository} has no GGUF file, and llama-server needs one. Look for the model's name with GGUF on the hub.`,
    );
  }
  const list = choice.choices.slice(0, 40).join(", ");
  throw word === null
    ? new Refusal("config", `${repository} has several models. Add one of these to it: :${list}.`)
    : new Refusal("not_found", `${repository} has no model ${word}, or several. It has: ${list}.`);
}

function snapshotFrom(names: readonly string[], repository: string): readonly string[] {
  const files = chooseSnapshot(names);
  if (files) return files;
  throw new Refusal(
    "config",
    `${repository} has no config.json with safetensors, and this runtime needs them. Take a GGUF of it with llama-server, or another repository.`,
  );
}
