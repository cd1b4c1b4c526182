/** The files of a model: out of the cache of hub downloads, or of a folder. */
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { chooseGguf } from "../contract/gguf/gguf-choice.ts";
import type { HubSource } from "../contract/gguf/hub-source.ts";
import { RepoCache } from "../weights/hub/repo-cache.ts";
import type { InputFile } from "./contents.ts";
import type { HubItem, LocalItem } from "./manifest.ts";

/** An item whose files are not read yet. */
export type Gathered<Kind extends { files: unknown }> = Kind extends unknown
  ? Omit<Kind, "files"> & { files: (InputFile & { blob?: string })[] }
  : never;

/** A path of the layout of huggingface_hub: the folder of all, of a repository, a commit and a name. */
const in_cache = /^(.*)\/(?:models|s3)--[^/]+\/snapshots\/([0-9a-f]{40})(?:\/(.*))?$/;

/**
 * What was found at PATH for a source of a hub or of S3: a GGUF file with its other parts, or a snapshot.
 * REVISION: what was asked for, which is what the importing host will be asked for.
 */
export async function gatherHubModel(
  path: string,
  { repository, revision }: Pick<HubSource, "repository" | "revision">,
): Promise<Gathered<HubItem>> {
  const [, folder, commit = "", file] = in_cache.exec(path) ?? [];
  if (folder === undefined) throw new Error(`${path} lies in no cache of a hub.`);
  const cache = new RepoCache(folder, repository);
  const whole = (await cache.whole(commit)).sort();
  const names = file === undefined ? whole : partsOf(whole, file);
  const snapshot = file === undefined ? path : path.slice(0, -file.length - 1);
  return {
    kind: "hub",
    repository,
    commit,
    revision: revision === commit ? null : (revision ?? "main"),
    listing: (await cache.listing(commit)) ?? null,
    files: await Promise.all(
      names.map(async (one) => {
        const from = await realpath(join(snapshot, one));
        return { name: one, executable: false, content: { path: from }, blob: basename(from) };
      }),
    ),
  };
}

/** PATH is absolute: a file, with the other parts of a split model, or a folder. */
export async function gatherLocalModel(path: string): Promise<Gathered<LocalItem>> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new Error(`There is no ${path} here. Check the path.`);
  const folder = found.isDirectory() ? path : dirname(path);
  const names = found.isDirectory()
    ? await filesIn(path)
    : partsOf(await readdir(folder), basename(path));
  if (names.length === 0) throw new Error(`${path} has no files. Name a model.`);
  return {
    kind: "file",
    name: plain(basename(path)),
    folder: found.isDirectory(),
    files: names.map((name) => ({
      name,
      executable: false,
      content: { path: join(folder, name) },
    })),
  };
}

/** Every file below FOLDER, by its path from there. Links are followed, but not in a circle. */
export async function filesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  const walk = async (at: string, above: readonly string[]): Promise<void> => {
    const real = await realpath(at);
    if (above.includes(real)) return;
    for (const name of (await readdir(at)).sort()) {
      const path = join(at, name);
      const found = await stat(path).catch(() => undefined);
      if (found?.isDirectory()) await walk(path, [...above, real]);
      else if (found?.isFile()) names.push(relative(folder, path));
    }
  };
  await walk(folder, []);
  return names;
}

function partsOf(names: readonly string[], file: string): readonly string[] {
  const choice = chooseGguf(names, file);
  return "files" in choice && choice.files.includes(file) ? choice.files : [file];
}

/** As a name of a folder; the names of the files stay. */
const plain = (name: string): string =>
  name
    .replace(/[^A-Za-z0-9._+-]/g, "_")
    .replace(/^\.+/, "_")
    .slice(0, 100);
