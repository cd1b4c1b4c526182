import type { FileHandle } from "node:fs/promises";
import { open, rename, stat, unlink } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { hubSource, parseHubSource } from "../contract/gguf/hub-source.ts";
import type { S3Access } from "../contract/protocol/messages.ts";
import { no_s3 } from "../contract/s3/refusal.ts";
import { isS3Place, parseS3Source } from "../contract/s3/source.ts";
import { noPeers, openHubWeights } from "../weights/hub/open.ts";
import type { WeightsFound, WeightsRequest } from "../weights/weights.ts";
import { Contents } from "./contents.ts";
import { fingerprintOf, type Signer, sealHead } from "./envelope.ts";
import { type Gathered, gatherHubModel, gatherLocalModel } from "./gather-model.ts";
import { gatherRuntime } from "./gather-runtime.ts";
import type { Item, Manifest } from "./manifest.ts";

export interface ExportOptions {
  /** A path, or "-" for standard output. */
  file: string;
  /** `ORG/REPO[@REVISION][:FILE or QUANT]`, `s3://BUCKET/FOLDER[:FILE or QUANT]` or `file:///absolute/path`. */
  models: readonly string[];
  runtimes: readonly { name: string; path: string }[];
  /** The cache to take models of a hub or of S3 from, and to download them to; laid out like huggingface_hub's. */
  cache: string;
  /** For HF_ENDPOINT and HF_TOKEN. */
  env: Readonly<Record<string, string | undefined>>;
  /** Opens the store of S3; null where only what lies in the cache can be had of it. */
  s3(): S3Access | null;
  signer: Signer;
  made_by: string;
  now: number;
  /** What is being done, as a sentence. */
  say(sentence: string): void;
  progress(done_bytes: number, of_bytes: number): void;
  signal: AbortSignal;
}

export interface Exported {
  /** Of the key, which the importing side must trust. */
  fingerprint: string;
  /** Of the files, and of the distinct chunks of them. */
  bytes: number;
  stored_bytes: number;
}

/** Rejects with an Error of one sentence; then FILE is as it was before. */
export async function exportBundle(options: ExportOptions): Promise<Exported> {
  const { file, signer, made_by, now, say, progress, signal } = options;
  if (file !== "-" && (await exists(file))) {
    throw new Error(`${file} exists already. Choose another name, or remove it.`);
  }
  const contents = new Contents();
  const items: Item[] = [];
  for (const gathered of await gather(options)) {
    say(`Reading ${nameOf(gathered)}.`);
    items.push(await readItem(gathered, contents, signal));
  }
  const { chunks } = contents;
  const made_at = new Date(now).toISOString();
  const manifest: Manifest = { format: 1, made_at, made_by, chunks, items };
  const head = sealHead(Buffer.from(JSON.stringify(manifest)), signer);
  const stored_bytes = chunks.reduce((sum, { bytes }) => sum + bytes, 0);
  await writing(file, async (write) => {
    await write(head);
    let done = 0;
    for await (const bytes of contents.read()) {
      signal.throwIfAborted();
      await write(bytes);
      done += bytes.length;
      progress(done, stored_bytes);
    }
  });
  const files = items.flatMap((item) => item.files.map(({ bytes }) => bytes));
  const bytes = files.reduce((sum, size) => sum + size, 0);
  return { fingerprint: fingerprintOf(signer.public_key), bytes, stored_bytes };
}

async function gather(options: ExportOptions): Promise<Gathered<Item>[]> {
  const gathered: Gathered<Item>[] = [];
  const { models, runtimes, cache, env, say } = options;
  const hub = await openHubWeights(resolve(cache), env, {
    needed: () => [],
    evicts: false,
    peers: noPeers,
    log: say,
  });
  for (const model of models) {
    gathered.push(
      /^file:/i.test(model)
        ? await gatherLocalModel(pathOf(model))
        : await gatherFromHub(model, options, (request) => hub.get(request)),
    );
  }
  for (const { name, path } of runtimes) gathered.push(await gatherRuntime(name, resolve(path)));
  return gathered;
}

async function gatherFromHub(
  model: string,
  { env, s3, say, progress, signal }: ExportOptions,
  get: (request: WeightsRequest) => Promise<WeightsFound>,
): Promise<Gathered<Item>> {
  const named = parseS3Source(model) ?? parseHubSource(model);
  if (named === undefined) {
    throw new Error(
      `${JSON.stringify(model)} names no model. Write --model ORG/REPO or s3://BUCKET/FOLDER, with :FILE or :QUANT if needed, or file:///absolute/path.`,
    );
  }
  say(`Looking for ${model}.`);
  const { path } = await get({
    source: hubSource(named),
    // What the control plane would run.
    format: "either",
    hf_token: env["HF_TOKEN"] ?? "",
    s3: isS3Place(named.repository) ? s3() : null,
    signal,
    tell: ({ downloaded_bytes, download_bytes }) => progress(downloaded_bytes, download_bytes),
  }).catch((error: Error) => {
    if (error.message !== no_s3) throw error;
    throw new Error(
      `${model} is not in the cache, and nothing opens its store. Set AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`,
    );
  });
  return gatherHubModel(path, named);
}

function pathOf(model: string): string {
  try {
    return fileURLToPath(model);
  } catch {
    throw new Error(
      `${JSON.stringify(model)} names no absolute path, as file:///models/a.gguf does.`,
    );
  }
}

const nameOf = (item: Gathered<Item>): string =>
  item.kind === "hub" ? item.repository : item.name;

async function readItem(
  { files: inputs, ...item }: Gathered<Item>,
  contents: Contents,
  signal: AbortSignal,
): Promise<Item> {
  const files = [];
  for (const input of inputs) {
    signal.throwIfAborted();
    const { git_sha1, ...file } = await contents.add(input);
    if (item.kind !== "hub") files.push(file);
    else files.push({ ...file, blob: input.blob === git_sha1 ? git_sha1 : file.sha256 });
  }
  return { ...item, files } as Item;
}

type Write = (bytes: Uint8Array) => Promise<void>;

async function writing(path: string, work: (write: Write) => Promise<void>): Promise<void> {
  if (path === "-") return work(toStandardOutput);
  const unfinished = `${path}.${process.pid}.part`;
  const file = await open(unfinished, "wx", 0o600).catch((cause) => {
    throw new Error(`${path} cannot be written. Check its folder and permissions.`, { cause });
  });
  try {
    await work((bytes) => writeAll(file, bytes));
    await file.sync();
    await rename(unfinished, path);
  } catch (error) {
    await unlink(unfinished).catch(() => undefined);
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") {
      throw new Error(`The disk of ${path} is full. Free some space, or write to another disk.`);
    }
    throw error;
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done)).bytesWritten;
  }
}

function toStandardOutput(bytes: Uint8Array): Promise<void> {
  return new Promise((settle, fail) =>
    process.stdout.write(bytes, (error) => (error ? fail(error) : settle())),
  );
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
