/**
 * What this appliance knows of models that came in bundles, in HOME/bundle/models.json: enough to size
 * and place them without a hub. It is asked before the hub, because whoever imports a bundle has none.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { chooseGguf } from "../../../../agent/contract/gguf/gguf-choice.ts";
import type { HubSource } from "../../../../agent/contract/gguf/hub-source.ts";
import type { HubReading } from "../../scheduler/sizing/hub-model.ts";
import type { FileFacts } from "../../scheduler/sizing/model-files.ts";
import { makeFolder, writeDurably } from "../../storage/durable-files.ts";

export interface ImportedRepository {
  /** `ORG/REPO` or `s3://BUCKET/FOLDER`. */
  repository: string;
  commit: string;
  /** What the commit was called when it was exported; null when it was asked for on its own. */
  revision: string | null;
  /** The imported ones alone. */
  files: readonly string[];
  facts: FileFacts;
}

export interface ImportedFile {
  /** How its path ends on every host that imported it: the home before that may differ. */
  below_home: string;
  facts: FileFacts;
}

export interface ImportedModels {
  /** Of a hub or of S3. Undefined for what was not imported, so that those are asked. RUNTIME: null for what fits. */
  onHub(source: HubSource, runtime: string | null): HubReading | undefined;
  /** Of a model that came as a file or a folder, by its path on the hosts. */
  atPath(path: string): FileFacts | undefined;
}

interface Kept {
  repositories: ImportedRepository[];
  files: ImportedFile[];
}

export function importedModelsIn(home: string): ImportedModels {
  return {
    onHub(source, runtime) {
      const { repositories } = read(home);
      const readings = repositories.flatMap((entry) => readingOf(entry, source, runtime) ?? []);
      return readings.at(-1);
    },
    atPath: (path) =>
      read(home).files.find(({ below_home }) => path.endsWith(`/${below_home}`))?.facts,
  };
}

/** The newest of a name counts. */
export function rememberModels(home: string, models: Kept): void {
  const kept = read(home);
  const key = ({ repository, commit, files }: ImportedRepository) =>
    [repository, commit, ...files].join("\n");
  const repositories = new Map(
    [...kept.repositories, ...models.repositories].map((entry) => [key(entry), entry]),
  );
  const files = new Map([...kept.files, ...models.files].map((entry) => [entry.below_home, entry]));
  const file = fileIn(home);
  makeFolder(dirname(file));
  const text = JSON.stringify({
    repositories: [...repositories.values()],
    files: [...files.values()],
  });
  writeDurably(file, text);
}

function readingOf(
  { repository, commit, revision, files, facts }: ImportedRepository,
  source: HubSource,
  runtime: string | null,
): HubReading | undefined {
  const named = source.revision === null || [commit, revision].includes(source.revision);
  if (source.repository !== repository || !named) return undefined;
  const choice = chooseGguf(files, source.word);
  const file = "files" in choice ? choice.files[0] : undefined;
  const format = file === undefined ? "safetensors" : "gguf";
  const fits = runtime === null || (runtime === "llama-server") === (format === "gguf");
  const meant = format === "gguf" || (source.word === null && files.includes("config.json"));
  if (!fits || !meant) return undefined;
  return { format, file: file ?? null, commit, facts, warnings: [] };
}

const fileIn = (home: string): string => join(home, "bundle", "models.json");

function read(home: string): Kept {
  const text = textOf(fileIn(home));
  if (text === undefined) return { repositories: [], files: [] };
  try {
    return JSON.parse(text) as Kept;
  } catch (cause) {
    throw new Error(`${fileIn(home)} is damaged. Remove it, and import the bundles again.`, {
      cause,
    });
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
