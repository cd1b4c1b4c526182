import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isMissing } from "../files/durable-file.ts";
import type { BundledFile, Manifest } from "./manifest.ts";

/** A file of an item that is to be written. */
export interface StagedFile {
  /** Position of its item. */
  item: number;
  file: BundledFile;
  /** Only so much of its beginning is wanted; all of it without this. */
  first_bytes?: number;
}

interface Place {
  path: string;
  offset: number;
}

const journal_entry_bytes = 4;

/**
 * Where an import grows, out of everybody's sight: FOLDER/ITEM/NAME, and a journal of the chunks that
 * arrived, so that an import that was killed goes on where it ended. An entry is written after its
 * chunk; should a power cut keep the entry and lose the chunk, `verify` finds that out.
 */
export class Staging {
  readonly folder: string;
  readonly #places = new Map<number, Place[]>();
  readonly #arrived: Set<number>;
  readonly #journal: FileHandle;
  #open: { path: string; file: FileHandle } | undefined;

  private constructor(
    folder: string,
    files: readonly StagedFile[],
    { chunks }: Manifest,
    arrived: Set<number>,
    journal: FileHandle,
  ) {
    this.folder = folder;
    this.#arrived = arrived;
    this.#journal = journal;
    for (const staged of files) {
      let offset = 0;
      for (const position of staged.file.chunks) {
        if (offset >= (staged.first_bytes ?? Number.POSITIVE_INFINITY)) break;
        const places = this.#places.get(position) ?? [];
        places.push({ path: this.pathOf(staged), offset });
        this.#places.set(position, places);
        offset += chunks[position]?.bytes ?? 0;
      }
    }
  }

  /** Goes on with what FOLDER has; starts over where a file of FILES was not wanted the last time. */
  static async open(
    folder: string,
    files: readonly StagedFile[],
    manifest: Manifest,
  ): Promise<Staging> {
    const journal = join(folder, "arrived");
    const paths = files.map(({ item, file }) => join(folder, String(item), file.name));
    let arrived = await readJournal(journal);
    if (arrived === undefined || !(await allExist(paths))) {
      arrived = new Set();
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true, mode: 0o700 });
      for (const { item, file } of files) await makeEmpty(join(folder, String(item)), file);
    }
    const entries = await open(journal, "a", 0o600);
    await entries.truncate(arrived.size * journal_entry_bytes);
    return new Staging(folder, files, manifest, arrived, entries);
  }

  pathOf({ item, file }: Pick<StagedFile, "item" | "file">): string {
    return join(this.folder, String(item), file.name);
  }

  /** Whether the chunk has still to be written anywhere. */
  needs(position: number): boolean {
    return this.#places.has(position) && !this.#arrived.has(position);
  }

  /** Bytes that are still to come to the disk, by the lengths of CHUNKS. */
  missing({ chunks }: Manifest): number {
    return [...this.#places].reduce(
      (sum, [position, places]) =>
        sum + (this.needs(position) ? places.length * (chunks[position]?.bytes ?? 0) : 0),
      0,
    );
  }

  async write(position: number, bytes: Uint8Array): Promise<void> {
    for (const { path, offset } of this.#places.get(position) ?? []) {
      const file = await this.#fileAt(path);
      for (let done = 0; done < bytes.length; ) {
        const left = bytes.length - done;
        done += (await file.write(bytes, done, left, offset + done)).bytesWritten;
      }
    }
    const entry = Buffer.alloc(journal_entry_bytes);
    entry.writeUInt32LE(position);
    await this.#journal.write(entry);
    this.#arrived.add(position);
  }

  /** Reads FILE from the disk, and brings it there for good. Throws an Error with a sentence. */
  async verify(staged: StagedFile, blob?: string): Promise<void> {
    const path = this.pathOf(staged);
    const { bytes, sha256 } = staged.file;
    const hashes = [createHash("sha256"), createHash("sha1").update(`blob ${bytes}\0`)] as const;
    for await (const part of Bun.file(path).stream()) {
      hashes[0].update(part);
      if (blob?.length === 40) hashes[1].update(part);
    }
    const [found, git] = [hashes[0].digest("hex"), hashes[1].digest("hex")];
    if (found !== sha256) {
      await this.drop();
      throw new Error(
        `${staged.file.name} does not have the checksum of the bundle on this disk. Run the import again; if that repeats, look after the disk.`,
      );
    }
    if (blob?.length === 40 && git !== blob) {
      await this.drop();
      throw new Error(`${staged.file.name} is not the blob that its name says. Export it again.`);
    }
    await (await this.#fileAt(path)).sync();
  }

  async close(): Promise<void> {
    await this.#open?.file.close();
    this.#open = undefined;
    await this.#journal.close().catch(() => undefined);
  }

  async drop(): Promise<void> {
    await this.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** One at a time: chunks come file by file, and a bundle may have more files than descriptors. */
  async #fileAt(path: string): Promise<FileHandle> {
    if (this.#open?.path === path) return this.#open.file;
    await this.#open?.file.close();
    this.#open = undefined;
    this.#open = { path, file: await open(path, "r+") };
    return this.#open.file;
  }
}

/** Undefined where there is none. A last entry that is not whole does not count. */
async function readJournal(path: string): Promise<Set<number> | undefined> {
  try {
    const bytes = await readFile(path);
    const entries = Math.floor(bytes.length / journal_entry_bytes);
    return new Set(
      Array.from({ length: entries }, (_, at) => bytes.readUInt32LE(at * journal_entry_bytes)),
    );
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function allExist(paths: readonly string[]): Promise<boolean> {
  for (const path of paths) {
    if (!(await stat(path).catch(() => undefined))?.isFile()) return false;
  }
  return true;
}

async function makeEmpty(folder: string, { name, bytes, executable }: BundledFile): Promise<void> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, "wx", executable ? 0o700 : 0o600);
  await file.truncate(bytes);
  await file.close();
}
