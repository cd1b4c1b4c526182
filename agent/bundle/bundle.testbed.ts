/** A bundle of small files, made by the real export, and the ways in which people and disks spoil one. */
import { generateKeyPairSync, sign } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fingerprintOf, type Signer } from "./envelope.ts";
import { exportBundle } from "./export.ts";
import { type Imported, type ImportOptions, importBundle } from "./import.ts";

export const commit = "0123456789abcdef0123456789abcdef01234567";

export function newSigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const public_key = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  return { public_key, sign: (bytes) => sign(null, bytes, privateKey) };
}

export class BundleBench {
  readonly folder = mkdtempSync(join(tmpdir(), "hypervize-bundle-"));
  readonly signer = newSigner();
  readonly trusted = fingerprintOf(this.signer.public_key);
  readonly bundle = join(this.folder, "models.hvb");
  #homes = 0;

  home(): string {
    return join(this.folder, `home${this.#homes++}`);
  }

  /** A file below the bench's folder. */
  put(name: string, bytes: Uint8Array | string, mode = 0o600): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes, { mode });
    return path;
  }

  /** A model of a hub in the cache `cache`, as huggingface_hub would have left it. */
  cached(repository: string, files: Readonly<Record<string, Uint8Array>>): void {
    const at = join("cache", `models--${repository.replace("/", "--")}`);
    for (const [name, bytes] of Object.entries(files)) {
      this.put(join(at, "snapshots", commit, name), bytes);
    }
    this.put(join(at, "refs", "main"), commit);
    this.put(join(at, ".listings", `${commit}.json`), JSON.stringify(Object.keys(files)));
  }

  export(over: Partial<Parameters<typeof exportBundle>[0]> = {}) {
    return exportBundle({
      file: this.bundle,
      models: [],
      runtimes: [],
      signer: this.signer,
      cache: join(this.folder, "cache"),
      env: { HF_ENDPOINT: "http://127.0.0.1:9" },
      s3: () => null,
      made_by: "test",
      now: 0,
      say: () => undefined,
      progress: () => undefined,
      signal: new AbortController().signal,
      ...over,
    });
  }

  /** Imports the bundle, or these BYTES in its place. */
  async import(
    home: string,
    { bytes, ...over }: Partial<ImportOptions> & { bytes?: Uint8Array } = {},
  ): Promise<Imported> {
    const path = bytes === undefined ? this.bundle : this.put("spoiled.hvb", bytes);
    const input = await open(path, "r");
    try {
      return await importBundle({
        home,
        input,
        facts_only: false,
        trusts: (key: string) => key === this.trusted,
        learn: async () => undefined,
        progress: () => undefined,
        signal: new AbortController().signal,
        ...over,
      });
    } finally {
      await input.close();
    }
  }

  bytes(): Buffer {
    return readFileSync(this.bundle);
  }

  /** Where the first chunk begins. */
  get chunks_at(): number {
    return 19 + 4 + 32 + 64 + this.bytes().readUInt32BE(19);
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Everything that people and agents may see of HOME: all but what an import keeps for itself. */
export function visibleIn(home: string): string[] {
  if (!existsSync(home)) return [];
  const names = [...new Bun.Glob("**/*").scanSync({ cwd: home, dot: true })];
  return names.filter((name) => !name.startsWith("bundle/")).sort();
}

/** Different from block to block, the same for the same SEED. */
export function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) {
    bytes.writeUInt32LE(Math.imul(at + seed, 2_654_435_761) >>> 0, at);
  }
  return bytes;
}
