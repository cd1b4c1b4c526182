import { realpath } from "node:fs/promises";
import { chooseGguf } from "../../contract/gguf/gguf-choice.ts";
import { type HubSource, hubSource, parseHubSource } from "../../contract/gguf/hub-source.ts";
import { chooseSnapshot } from "../../contract/gguf/snapshot-choice.ts";
import { isS3Place, parseS3Source } from "../../contract/s3/source.ts";
import { StartError } from "../../replicas/start-error.ts";
import { s3Origin } from "../s3/s3-origin.ts";
import type { WeightsFound, WeightsRequest } from "../weights.ts";
import { BlobRecords } from "./blob-records.ts";
import {
  type CachedWeights,
  cachedSources,
  default_revision,
  findCached,
  meant,
  wholeSet,
  wholeSnapshot,
} from "./cached-weights.ts";
import { ProgressWatch } from "./download-progress.ts";
import { Downloads, type DownloadTools } from "./downloads.ts";
import type { Hub } from "./hub-request.ts";
import { hubOrigin, type Origin } from "./origin.ts";
import { RepoCache } from "./repo-cache.ts";
import { blobsIn, makeRoom, type RoomParts } from "./room.ts";
import { Scrub } from "./scrub.ts";
import type { Persistence } from "./transient-error.ts";

export interface HubWeightsTools extends Pick<DownloadTools, "folder"> {
  hub: Hub & Persistence;
  /** What is known of blobs; a folder beside FOLDER. */
  records_folder: string;
  report_every_ms: number;
  disk: RoomParts["disk"];
  evicts: boolean;
  peers: DownloadTools["peers"];
  /** Sources that replicas of this host need. */
  needed(): readonly string[];
  log(line: string): void;
}

/**
 * Weights from a hub or from S3, kept on this host. What lies here whole is used without a request: a branch
 * stays at the commit of which it was fetched, and a newer one is named by its commit.
 */
export class HubWeights {
  readonly #tools: HubWeightsTools;
  readonly #records: BlobRecords;
  readonly #downloads: Downloads;
  readonly scrub: Scrub;
  #known: Set<string>;

  private constructor(tools: HubWeightsTools, known: Set<string>) {
    this.#tools = tools;
    this.#records = new BlobRecords(tools.records_folder, tools.hub.now);
    const records = this.#records;
    const { folder, hub, peers } = tools;
    const makeRoom = (needed_bytes: number) => this.#makeRoom(needed_bytes);
    this.#downloads = new Downloads({ folder, records, peers, makeRoom });
    this.#known = known;
    this.scrub = new Scrub({
      folder,
      records,
      now: hub.now,
      pause: hub.pause,
      log: tools.log,
      pinned: async () => new Set(await realPaths(await this.#filesOf(tools.needed()))),
      removed: () => this.#lookAgain(),
    });
  }

  /** Looks once for what lies in the folder. */
  static async open(tools: HubWeightsTools): Promise<HubWeights> {
    return new HubWeights(tools, new Set(await cachedSources(tools.folder)));
  }

  /** Sources whose weights lie here whole: by commit and file, and as they were asked for. */
  sources(): readonly string[] {
    return [...this.#known];
  }

  /** Throws a Refusal, or the signal's reason once that aborts; what came so far is used the next time. */
  async get(request: WeightsRequest): Promise<WeightsFound> {
    const named = namedIn(request.source) ?? refuseName(request.source);
    const { repository } = named;
    const cache = new RepoCache(this.#tools.folder, repository);
    const { commit, name, path, bytes, files } =
      (await this.#intact(cache, named, request)) ?? (await this.#fetch(cache, named, request));
    const now = this.#tools.hub.now();
    await Promise.all(files.map((file) => this.#records.used(file, now)));
    this.#known.add(hubSource({ repository, revision: commit, word: name }));
    this.#known.add(request.source);
    return { path, bytes };
  }

  /** Bytes that came from the network since the start. */
  downloaded(): number {
    return this.#downloads.arrived();
  }

  /** Bytes of all blobs here, also of those that are not whole yet. */
  async usedBytes(): Promise<number> {
    return (await blobsIn(this.#tools.folder)).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Sources that replicas run from although some of their bytes on the disk are wrong. */
  async damagedSources(): Promise<string[]> {
    const damaged = this.scrub.damaged();
    if (damaged.size === 0) return [];
    const found = [...new Set(this.#tools.needed())].map(async (source) => {
      const blobs = await realPaths(await this.#filesOf([source]));
      return blobs.some((blob) => damaged.has(blob)) ? [source] : [];
    });
    return (await Promise.all(found)).flat();
  }

  /** The file of a blob that lies here whole and was checked; undefined without one. */
  async wholeBlob(digest: string): Promise<{ path: string; bytes: number } | undefined> {
    for (const repository of await RepoCache.repositoriesIn(this.#tools.folder)) {
      const path = new RepoCache(this.#tools.folder, repository).blobPath(digest);
      const bytes = await this.#records.knownBytes(path);
      if (bytes !== undefined) return { path, bytes };
    }
    return undefined;
  }

  /** What lies here whole and unharmed. A file that is not what it was is removed, to be fetched again. */
  async #intact(
    cache: RepoCache,
    named: HubSource,
    { source, format }: WeightsRequest,
  ): Promise<CachedWeights | undefined> {
    const found = await findCached(cache, named, format);
    if (found === undefined) return undefined;
    let isWhole = true;
    for (const file of found.files) {
      if (await this.#records.isRight(file)) continue;
      this.#tools.log(
        `${source}: ${file} has changed on the disk; it is removed and fetched again`,
      );
      await this.#records.remove(await realpath(file));
      isWhole = false;
    }
    if (!isWhole) await this.#lookAgain();
    return isWhole ? found : undefined;
  }

  async #makeRoom(needed_bytes: number): Promise<number> {
    const records = this.#records;
    const downloads = this.#downloads;
    const tools = this.#tools;
    const isComing = (blob: string) => downloads.isComing(blob);
    const pinned = () => this.#filesOf(tools.needed());
    const free = await makeRoom({ ...tools, records, isComing, pinned }, needed_bytes);
    await this.#lookAgain();
    return free;
  }

  /** Of those that lie here whole. */
  async #filesOf(sources: readonly string[]): Promise<string[]> {
    const found = sources.flatMap((source) => {
      const named = namedIn(source);
      if (named === undefined) return [];
      const cache = new RepoCache(this.#tools.folder, named.repository);
      return [findCached(cache, named, "gguf"), findCached(cache, named, "safetensors")];
    });
    return (await Promise.all(found)).flatMap((weights) => weights?.files ?? []);
  }

  /** Some of what lay here may be gone. */
  async #lookAgain(): Promise<void> {
    const whole = await Promise.all(
      [...this.#known].map(async (source) => (await this.#filesOf([source])).length > 0),
    );
    this.#known = new Set([...this.#known].filter((_, index) => whole[index]));
  }

  #originOf(named: HubSource, request: WeightsRequest): Origin {
    const { hub } = this.#tools;
    const { repository, revision } = named;
    const { hf_token: token, s3 = null, signal } = request;
    if (isS3Place(repository)) return s3Origin(hub, s3, named, signal);
    return hubOrigin(hub, { repository, revision: revision ?? default_revision, token, signal });
  }

  async #fetch(
    cache: RepoCache,
    named: HubSource,
    request: WeightsRequest,
  ): Promise<CachedWeights> {
    const { repository, word } = named;
    const { format, tell } = request;
    const revision = named.revision ?? default_revision;
    const watch = new ProgressWatch(tell, this.#tools.report_every_ms, this.#tools.hub.now);
    try {
      const origin = this.#originOf(named, request);
      let gguf = false;
      const found = await origin.look((all) => {
        gguf = meant(format, word, all) === "gguf";
        return gguf ? chosenFrom(all, word, repository) : snapshotFrom(all, repository);
      });
      const follow = watch.follow.bind(watch);
      await this.#downloads.fetch({ cache, revision, origin, found, follow });
      const names = found.files.map(({ name }) => name);
      const whole = gguf ? wholeSet : wholeSnapshot;
      const weights = await whole(cache, found.listing.commit, names);
      if (weights === undefined) throw new Error(`${names.join(", ")} vanished from the disk.`);
      return weights;
    } finally {
      watch.end();
    }
  }
}

/** Undefined for a source that is neither of a hub nor of S3. */
function namedIn(source: string): HubSource | undefined {
  if (source.startsWith("s3:")) return parseS3Source(source);
  return source.startsWith("hf:") ? parseHubSource(source) : undefined;
}

function refuseName(source: string): never {
  throw new StartError(
    "config",
    source.startsWith("s3:")
      ? `${JSON.stringify(source)} names nothing in S3. Write it as s3://BUCKET/FOLDER, with :FILE or :QUANT if needed.`
      : `${JSON.stringify(source)} names nothing on a hub. Write it as hf:ORG/REPO, with @REVISION and :FILE or :QUANT if needed.`,
  );
}

const realPaths = (paths: readonly string[]): Promise<string[]> =>
  Promise.all(paths.map((path) => realpath(path)));

function chosenFrom(
  names: readonly string[],
  word: string | null,
  repository: string,
): readonly string[] {
  const choice = chooseGguf(names, word);
  if ("files" in choice) return choice.files;
  if (choice.choices.length === 0) {
    throw new StartError(
      "config",
      `${repository} has no GGUF file, and llama-server needs one. Take a place that has one, as most with GGUF in their name.`,
    );
  }
  const list = choice.choices.slice(0, 40).join(", ");
  throw word === null
    ? new StartError(
        "config",
        `${repository} has several models. Add one of these to it: :${list}.`,
      )
    : new StartError(
        "not_found",
        `${repository} has no model ${word}, or several. It has: ${list}.`,
      );
}

function snapshotFrom(names: readonly string[], repository: string): readonly string[] {
  const files = chooseSnapshot(names);
  if (files) return files;
  throw new StartError(
    "config",
    `${repository} has no config.json with safetensors, and this runtime needs them. Take a GGUF of it with llama-server, or another repository.`,
  );
}
