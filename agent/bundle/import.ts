import { type FileHandle, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../files/durable-file.ts";
import { takeLock } from "../files/lock.ts";
import { diskOf } from "../weights/hub/disk-room.ts";
import { type ByteSource, sourceOf } from "./byte-source.ts";
import { sha256Of } from "./contents.ts";
import { readHead } from "./envelope.ts";
import {
  type BundledFile,
  type HubItem,
  type Item,
  type LocalItem,
  type Manifest,
  parseManifest,
} from "./manifest.ts";
import { belowHome, pathIn, place, presentIn } from "./place.ts";
import { type StagedFile, Staging } from "./staging.ts";

export interface ImportOptions {
  home: string;
  /** "-" for standard input. */
  input: FileHandle | "-";
  /** Whether bundles of the key with this fingerprint may be imported here. */
  trusts(fingerprint: string): boolean;
  /** Keep nothing but what LEARN learns: for an appliance that has no agent in its home. */
  facts_only: boolean;
  /**
   * Called for every model when its files lie at PATH, which does not last with `facts_only`.
   * BELOW_HOME: for a model that is no hub's, where it lies in the home of every importing host.
   */
  learn(item: HubItem | LocalItem, path: string, below_home: string): Promise<void>;
  progress(done_bytes: number, of_bytes: number): void;
  signal: AbortSignal;
  /** Of the disk that holds FOLDER; asked of the system without it. */
  freeBytes?(folder: string): Promise<number>;
}

export interface Imported {
  fingerprint: string;
  made_at: string;
  made_by: string;
  items: { item: Item; path: string }[];
  /** That came to the disk now; less than all where something was here already. */
  written_bytes: number;
}

/** Left free for everybody else. */
const reserve_bytes = 256 * 1024 * 1024;
/** The headers of a file; the longest header that sizing reads has 16 MiB. */
const facts_bytes = 64 * 1024 * 1024;

/**
 * Brings what a bundle holds into HOME, or nothing of it. Rejects with an Error of one sentence, after
 * which the chunks that came are kept for the next try with the same bundle.
 */
export async function importBundle(options: ImportOptions): Promise<Imported> {
  const { home, input, trusts, signal } = options;
  const source = await sourceOf(input);
  const head = await readHead(source);
  const { fingerprint } = head;
  if (!trusts(fingerprint)) {
    throw new Error(
      `This bundle was signed by the key ${fingerprint}, which is not trusted here. Compare that with what the export printed, then run this again with --trust ${fingerprint}.`,
    );
  }
  const manifest = parseManifest(head.manifest);
  const folder = join(home, "bundle", "incoming");
  await prepare(home, folder);
  const unlock = await takeLock(join(home, "bundle", "import.lock")).catch(() => {
    throw new Error("Another import runs in this home. Wait for it.");
  });
  try {
    const name = `${sha256Of(head.manifest).slice(0, 32)}${options.facts_only ? "-facts" : ""}`;
    const files = await filesToStage(options, manifest);
    const staging = await Staging.open(join(folder, name), files, manifest);
    try {
      await checkRoom(options, staging.missing(manifest));
      const written_bytes = await receive(options, source, manifest, staging);
      for (const staged of options.facts_only ? [] : files) {
        signal.throwIfAborted();
        await staging.verify(staged, blobOf(staged.file));
      }
      const items = await settle(options, manifest, staging);
      await staging.drop();
      const { made_at, made_by } = manifest;
      return { fingerprint, made_at, made_by, items, written_bytes };
    } catch (error) {
      if (errorCode(error) !== "ENOSPC") throw error;
      throw new Error(`The disk of ${home} is full. Free some space and run this again.`);
    } finally {
      await staging.close();
    }
  } finally {
    await unlock();
  }
}

async function prepare(home: string, folder: string): Promise<void> {
  const owner = (await stat(home).catch(() => undefined))?.uid;
  if (owner !== undefined && owner !== process.getuid?.()) {
    throw new Error(
      `${home} belongs to user ${owner}, who could not read what you import. Run this as that user, as in: sudo -u '#${owner}' hypervize bundle import …`,
    );
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
}

async function filesToStage(
  { home, facts_only, signal }: ImportOptions,
  { items }: Manifest,
): Promise<StagedFile[]> {
  const staged: StagedFile[] = [];
  for (const [position, item] of items.entries()) {
    if (facts_only && item.kind === "runtime") continue;
    const present = facts_only ? [] : await presentIn(home, item, signal);
    for (const file of item.files) {
      const wanted = { item: position, file, ...(facts_only && { first_bytes: facts_bytes }) };
      if (!present.includes(file)) staged.push(wanted);
    }
  }
  return staged;
}

const askSystem = async (folder: string): Promise<number> => (await diskOf(folder)).free_bytes;

async function checkRoom(
  { home, freeBytes: ask = askSystem }: ImportOptions,
  needed_bytes: number,
): Promise<void> {
  const free_bytes = await ask(home);
  const short = needed_bytes + reserve_bytes - free_bytes;
  if (needed_bytes === 0 || short <= 0) return;
  const gb = (bytes: number) => `${(Math.ceil(bytes / 1e7) / 100).toFixed(2)} GB`;
  throw new Error(
    `The bundle needs ${gb(needed_bytes)} in ${home}, whose disk has ${gb(free_bytes)} free. Free ${gb(short)} there.`,
  );
}

/** The bytes that were written. Every chunk is checked before anything of it is kept. */
async function receive(
  { progress, signal }: ImportOptions,
  source: ByteSource,
  { chunks }: Manifest,
  staging: Staging,
): Promise<number> {
  const of_bytes = chunks.reduce((sum, { bytes }) => sum + bytes, 0);
  let [done, written] = [0, 0];
  for (const [position, { bytes, sha256 }] of chunks.entries()) {
    signal.throwIfAborted();
    const which = `chunk ${position + 1} of ${chunks.length}`;
    if (staging.needs(position)) {
      const chunk = await source.read(bytes);
      if (chunk.length < bytes) throw cutOff(which);
      if (sha256Of(chunk) !== sha256) {
        throw new Error(
          `The bundle is damaged: ${which} is not what was signed. Copy it again and run this again; what came before it is kept.`,
        );
      }
      await staging.write(position, chunk);
      written += bytes;
    } else if (!(await source.skip(bytes))) throw cutOff(which);
    done += bytes;
    progress(done, of_bytes);
  }
  if ((await source.read(1)).length > 0) {
    throw new Error("The bundle goes on behind its last chunk. Get it again from its source.");
  }
  return written;
}

const cutOff = (which: string): Error =>
  new Error(
    `The bundle ends in ${which}. Copy it again and run this again; what came before that is kept.`,
  );

/** All items are whole by now. */
async function settle(
  { home, facts_only, learn }: ImportOptions,
  { items }: Manifest,
  staging: Staging,
): Promise<Imported["items"]> {
  const settled: Imported["items"] = [];
  for (const [position, item] of items.entries()) {
    const staged = join(staging.folder, String(position));
    if (facts_only && item.kind === "runtime") continue;
    const path = facts_only ? stagedPath(staged, item) : await place(home, item, staged);
    if (item.kind === "hub") await learn(item, path, "");
    if (item.kind === "file") await learn(item, path, belowHome(item));
    settled.push({ item, path });
  }
  return settled;
}

function stagedPath(staged: string, item: Item): string {
  if (item.kind !== "hub") return pathIn(staged, item);
  const [first] = item.files;
  return first?.name.endsWith(".gguf") ? join(staged, first.name) : staged;
}

const blobOf = (file: BundledFile & { blob?: string }): string | undefined => file.blob;
