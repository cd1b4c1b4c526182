import { mkdir, readdir, readFile, readlink, stat, symlink, unlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { isS3Place } from "../../contract/s3/source.ts";
import { isMissing, writeWhole } from "../../files/durable-file.ts";
import { commit_pattern, type HubListing } from "./repository.ts";

/** A file that lies here whole. */
export interface CachedFile {
  /** Under its own name: llama.cpp finds the other parts of a split model by it. */
  path: string;
  bytes: number;
}

/** `models--ORG--REPO`, as huggingface_hub has it; for a folder in S3 `s3--`, bucket and path, encoded. */
function folderOf(repository: string): string {
  if (!isS3Place(repository)) return `models--${repository.replace("/", "--")}`;
  return `s3--${encodeURIComponent(repository.slice("s3://".length))}`;
}

/** Undefined for a folder that is none of a repository. */
function repositoryIn(folder: string): string | undefined {
  // "--" cannot be part of either name of a hub's.
  const [, organisation, name] = /^models--(.+?)--(.+)$/.exec(folder) ?? [];
  if (organisation !== undefined) return `${organisation}/${name}`;
  if (!folder.startsWith("s3--")) return undefined;
  try {
    const repository = `s3://${decodeURIComponent(folder.slice("s3--".length))}`;
    return folderOf(repository) === folder ? repository : undefined;
  } catch {
    return undefined;
  }
}

/**
 * One repository on this host, in the layout of huggingface_hub, which shares it in both directions:
 * `blobs/DIGEST`, `refs/REVISION` with a commit in it, and `snapshots/COMMIT/NAME`, a relative link
 * to a blob. Blobs and links are only ever of whole files. Besides there is `.listings/COMMIT.json`,
 * the names in the repository, so that a quant is found without the network.
 */
export class RepoCache {
  readonly #folder: string;

  /** REPOSITORY is `ORG/REPO` or `s3://BUCKET/FOLDER`. */
  constructor(hub_folder: string, repository: string) {
    this.#folder = join(hub_folder, folderOf(repository));
  }

  /** Every repository that has a folder in HUB_FOLDER. */
  static async repositoriesIn(hub_folder: string): Promise<string[]> {
    return (await namesIn(hub_folder)).flatMap((folder) => repositoryIn(folder) ?? []);
  }

  blobPath(digest: string): string {
    return join(this.#folder, "blobs", digest);
  }

  /** What REVISION was when something of it was last fetched. */
  async commitOf(revision: string): Promise<string | undefined> {
    if (commit_pattern.test(revision)) return revision;
    const text = await readIfThere(join(this.#folder, "refs", revision));
    const commit = text?.trim();
    return commit !== undefined && commit_pattern.test(commit) ? commit : undefined;
  }

  /** All files of the repository at COMMIT, here or not; undefined when that was never asked for. */
  async listing(commit: string): Promise<string[] | undefined> {
    const text = await readIfThere(this.#listingPath(commit));
    try {
      return text === undefined ? undefined : (JSON.parse(text) as string[]);
    } catch {
      return undefined;
    }
  }

  async find(commit: string, name: string): Promise<CachedFile | undefined> {
    const path = this.#filePath(commit, name);
    const found = await stat(path).catch(() => undefined);
    return found?.isFile() ? { path, bytes: found.size } : undefined;
  }

  /** Every commit of which something lies here. */
  async commits(): Promise<string[]> {
    return (await namesIn(join(this.#folder, "snapshots"))).filter((name) =>
      commit_pattern.test(name),
    );
  }

  /** The names of COMMIT's files that lie here. */
  async whole(commit: string): Promise<string[]> {
    const names = await namesIn(join(this.#folder, "snapshots", commit), true);
    const found = await Promise.all(names.map((name) => this.find(commit, name)));
    return names.filter((_, index) => found[index] !== undefined);
  }

  /** Makes a whole blob the file NAME of COMMIT. */
  async link(commit: string, name: string, digest: string): Promise<void> {
    const path = this.#filePath(commit, name);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const target = relative(dirname(path), this.blobPath(digest));
    // Somebody may be reading it.
    if ((await readlink(path).catch(() => undefined)) === target) return;
    await unlink(path).catch(() => undefined);
    await symlink(target, path);
  }

  /** Remembers what REVISION is, once what was wanted of it lies here. */
  async remember(revision: string, { commit, names }: HubListing): Promise<void> {
    await writeWhole(this.#listingPath(commit), JSON.stringify(names));
    if (revision !== commit) await writeWhole(join(this.#folder, "refs", revision), commit);
  }

  #filePath(commit: string, name: string): string {
    return join(this.#folder, "snapshots", commit, name);
  }

  #listingPath(commit: string): string {
    return join(this.#folder, ".listings", `${commit}.json`);
  }
}

async function namesIn(folder: string, recursive = false): Promise<string[]> {
  try {
    return await readdir(folder, { recursive });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
