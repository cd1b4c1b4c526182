/** Where the items of a bundle belong in a home, and how they get there at once or not at all. */
import { createHash } from "node:crypto";
import { mkdir, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isMissing, writeDurably } from "../files/durable-file.ts";
import { digestOf } from "../weights/file-hash.ts";
import { RepoCache } from "../weights/hub/repo-cache.ts";
import type { BundledFile, HubItem, Item, LocalItem, RuntimeItem } from "./manifest.ts";

/** Of the agent that works in HOME; agent/main.ts opens its downloads there. */
const hubFolder = (home: string): string => join(home, "agent", "weights", "hub");
const runtimesFolder = (home: string): string => join(home, "runtimes");

/**
 * The files of ITEM that HOME has already: by their bytes and not by their names, which a disk, or whoever
 * wrote them there, may have made wrong. A gigabyte takes a second or two. Rejects with SIGNAL's reason.
 */
export async function presentIn(
  home: string,
  item: Item,
  signal: AbortSignal,
): Promise<readonly BundledFile[]> {
  // A folder comes at once: without its mark it is not from here.
  if (item.kind !== "hub" && !(await isThere(await folderFor(home, item)))) return [];
  const pathOf = await placesOf(home, item);
  const present: BundledFile[] = [];
  for (const file of item.files) {
    signal.throwIfAborted();
    if (await isRight(pathOf(file), file)) present.push(file);
  }
  return present;
}

async function isRight(path: string, { bytes, sha256 }: BundledFile): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile() || found.size !== bytes) return false;
  return (await digestOf(path, "sha256").catch(() => "")) === sha256;
}

async function placesOf(home: string, item: Item): Promise<(file: BundledFile) => string> {
  if (item.kind !== "hub") {
    const folder = await folderFor(home, item);
    return ({ name }) => join(folder, name);
  }
  const cache = new RepoCache(hubFolder(home), item.repository);
  const blobs = new Map(item.files.map(({ name, blob }) => [name, blob]));
  return ({ name }) => cache.blobPath(blobs.get(name) ?? "");
}

/**
 * Moves the files of ITEM from STAGED, a folder on the same disk, to their place. They are all whole;
 * what is not in STAGED is there already. Resolves with the path by which the item is used.
 */
export async function place(home: string, item: Item, staged: string): Promise<string> {
  if (item.kind === "hub") return placeInCache(home, item, staged);
  const folder = await folderFor(home, item);
  if (await isThere(folder)) {
    for (const { name } of item.files) await replace(join(folder, name), join(staged, name));
  } else {
    await writeDurably(join(staged, marker), contentOf(item));
    await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
    await rename(staged, folder);
  }
  return pathIn(folder, item);
}

/** What is used of an item that lies in FOLDER. */
export function pathIn(folder: string, item: LocalItem | RuntimeItem): string {
  if (item.kind === "runtime") return join(folder, item.name);
  const [first] = item.files;
  return item.folder || first === undefined ? folder : join(folder, first.name);
}

/** Where ITEM's path is below the home of whichever host imports it. */
export const belowHome = (item: LocalItem): string =>
  pathIn(join("models", contentOf(item).slice(0, 16)), item);

/** Written into a folder when it is whole: which item it is. */
const marker = ".hypervize-bundle";

/** Blobs first, then what points to them: whatever is visible is whole. */
async function placeInCache(home: string, item: HubItem, staged: string): Promise<string> {
  const { repository, commit, revision, listing, files } = item;
  const cache = new RepoCache(hubFolder(home), repository);
  for (const { name, blob } of files) await replace(cache.blobPath(blob), join(staged, name));
  for (const { name, blob } of files) await cache.link(commit, name, blob);
  // What a branch is here was asked for here: a bundle does not turn it back.
  const named = revision !== null && (await cache.commitOf(revision)) === undefined;
  const known = (await cache.listing(commit)) ?? listing ?? files.map(({ name }) => name);
  await cache.remember(named ? revision : commit, { commit, names: known });
  const found = await Promise.all(files.map(({ name }) => cache.find(commit, name)));
  const [first] = found;
  if (first === undefined || found.includes(undefined)) {
    throw new Error(`${repository} vanished from the disk while it was imported. Run it again.`);
  }
  const [name = ""] = files.map((file) => file.name);
  return name.endsWith(".gguf") ? first.path : first.path.slice(0, -name.length - 1);
}

/** What runs from the old file keeps it. Where nothing is staged, PATH is right already. */
async function replace(path: string, staged: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await rename(staged, path).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

/** By its content where the plain name is taken by something else. */
async function folderFor(home: string, item: LocalItem | RuntimeItem): Promise<string> {
  const digest = contentOf(item);
  if (item.kind === "file") return join(home, "models", digest.slice(0, 16));
  const plain = join(runtimesFolder(home), `${item.name}-${item.version}`);
  const owner = await Bun.file(join(plain, marker))
    .text()
    .catch(() => undefined);
  const free = owner === undefined && !(await stat(plain).catch(() => undefined));
  return free || owner === digest ? plain : `${plain}+${digest.slice(0, 8)}`;
}

const isThere = async (folder: string): Promise<boolean> =>
  (await stat(join(folder, marker)).catch(() => undefined)) !== undefined;

function contentOf({ files }: Item): string {
  const lines = files.map(
    ({ name, sha256, executable }) => `${sha256} ${executable ?? ""} ${name}\n`,
  );
  return createHash("sha256").update(lines.sort().join("")).digest("hex");
}
