import type { HubSource } from "../../contract/gguf/hub-source.ts";
import type { S3Access } from "../../contract/protocol/messages.ts";
import { bareTag, listFolder, most_page_bytes, TooManyFiles } from "../../contract/s3/listing.ts";
import { no_s3 } from "../../contract/s3/refusal.ts";
import { askChecksum } from "../../contract/s3/request.ts";
import { keyOf, pinOf, type S3Object, s3Folder } from "../../contract/s3/source.ts";
import { StartError } from "../../replicas/start-error.ts";
import type { HubAnswer } from "../hub/hub-request.ts";
import type { Choose, Found, Origin } from "../hub/origin.ts";
import type { HubFile } from "../hub/repository.ts";
import { type Persistence, persist, TransientError } from "../hub/transient-error.ts";
import { objectDigest, partsIn, sumsIn, uploadedSha256 } from "./object-digest.ts";
import { askStore, readUpTo, type Store } from "./store-request.ts";

/** Beside the weights, as `sha256sum` writes it. */
const sums_name = "SHA256SUMS";
const most_sums_bytes = 1024 * 1024;

export interface S3Tools extends Persistence, Pick<Store, "patience_ms" | "now"> {}

/** A folder in a store. ACCESS: null where none is set up. */
export function s3Origin(
  tools: S3Tools,
  access: S3Access | null,
  named: HubSource,
  signal: AbortSignal,
): Origin {
  if (access === null) throw new StartError("config", no_s3);
  const { patience_ms, now } = tools;
  const folder = new Folder({ access, patience_ms, now, signal }, named);
  const advice = "Check the network of this host, and the S3 endpoint under Settings.";
  const again: Origin["persist"] = (attempt) => persist(attempt, signal, { ...tools, advice });
  return {
    name: "The S3 store",
    checksums: "the store",
    repository: named.repository,
    signal,
    persist: again,
    look: (choose) => folder.look(choose, again),
  };
}

class Folder {
  readonly #store: Store;
  readonly #named: HubSource;
  readonly #place: ReturnType<typeof s3Folder>;
  /** By name, of what was looked at. */
  readonly #etags = new Map<string, string>();

  constructor(store: Store, named: HubSource) {
    this.#store = store;
    this.#named = named;
    this.#place = s3Folder(named.repository);
  }

  async look(choose: Choose, again: Origin["persist"]): Promise<Found> {
    const { repository, revision } = this.#named;
    const objects = new Map((await again(() => this.#list())).map((one) => [one.name, one]));
    if (objects.size === 0) {
      throw new StartError(
        "not_found",
        `${repository} is empty, or there is no such folder. Check the path.`,
      );
    }
    const names = choose([...objects.keys()]);
    const wanted = names.flatMap((name) => objects.get(name) ?? []);
    const commit = pinOf(wanted);
    if (revision !== null && revision !== commit) {
      throw new StartError(
        "config",
        `The files in ${repository} have changed since this was set up. Put the old ones back. Or, to use what is there now, recreate the endpoint, or set the source of the shared model again.`,
      );
    }
    const sums = await again(() => this.#sums());
    const files: HubFile[] = [];
    for (const object of wanted) {
      files.push(await again(() => this.#describe(object, sums.get(object.name))));
    }
    return {
      listing: { commit, names: [...names] },
      files,
      open: (...which) => this.#open(...which),
    };
  }

  async #list(): Promise<S3Object[]> {
    const { repository, word } = this.#named;
    try {
      return await listFolder(this.#place, word, {
        ask: async (ask) => {
          const { headers, chunks } = await askStore(this.#store, ask);
          return { headers, bytes: await readUpTo(chunks(), most_page_bytes) };
        },
        isDenied: (error) => error instanceof StartError && error.failure_class === "gated_model",
      });
    } catch (error) {
      if (error instanceof TooManyFiles) {
        throw new StartError("config", `${repository}: ${error.message} Name a folder with less.`);
      }
      if (error instanceof StartError || error instanceof TransientError) throw error;
      this.#store.signal.throwIfAborted();
      throw new TransientError(`The S3 store sent no list of the files in ${repository}.`);
    }
  }

  async #sums(): Promise<ReadonlyMap<string, string>> {
    try {
      const { chunks } = await askStore(this.#store, { method: "GET", ...this.#object(sums_name) });
      return sumsIn(new TextDecoder().decode(await readUpTo(chunks(), most_sums_bytes)));
    } catch (error) {
      // Some stores deny what is not there.
      const isNone =
        error instanceof StartError && /not_found|gated_model/.test(error.failure_class);
      if (isNone) return new Map();
      throw error;
    }
  }

  async #describe(listed: S3Object, sum: string | undefined): Promise<HubFile> {
    const { name, bytes } = listed;
    const ask = { method: "HEAD", ...this.#object(name) } as const;
    const { headers } = await askStore(this.#store, { ...ask, headers: askChecksum });
    const etag = bareTag(headers.get("etag") ?? "");
    if (etag === "") {
      throw new StartError("download", `The S3 store tells no ETag of ${this.#at(name)}.`);
    }
    const length = Number(headers.get("content-length") ?? Number.NaN);
    if (etag !== listed.etag || length !== bytes) throw this.#changed(name);
    const uploaded = uploadedSha256(headers);
    if (sum !== undefined && uploaded !== undefined && sum !== uploaded) {
      throw new StartError(
        "config",
        `${sums_name} in ${this.#named.repository} has another checksum of ${name} than the store. Upload both again.`,
      );
    }
    this.#etags.set(name, etag);
    if (sum !== undefined) return { name, bytes, digest: sum };
    const parts = partsIn(etag);
    const part_bytes = parts === 1 ? bytes : parts && (await this.#partBytes(name));
    return { name, bytes, digest: objectDigest({ head: headers, bytes, part_bytes }) };
  }

  /** Of the first part; not every store tells it. */
  async #partBytes(name: string): Promise<number | undefined> {
    const ask = { method: "HEAD", ...this.#object(name), query: { partNumber: "1" } } as const;
    try {
      const { headers } = await askStore(this.#store, ask);
      const length = Number(headers.get("content-length") ?? Number.NaN);
      return Number.isSafeInteger(length) && length > 0 ? length : undefined;
    } catch (error) {
      if (error instanceof StartError) return undefined;
      throw error;
    }
  }

  /** Every range under the condition that it is of the object that was looked at. */
  async #open({ name }: HubFile, from: number): Promise<HubAnswer> {
    const etag = this.#etags.get(name) ?? "";
    const headers = { "if-match": `"${etag}"`, ...(from > 0 && { range: `bytes=${from}-` }) };
    const answer = await askStore(this.#store, { method: "GET", ...this.#object(name), headers });
    // Not every store knows the condition.
    if (bareTag(answer.headers.get("etag") ?? etag) === etag) return answer;
    await answer.discard();
    throw this.#changed(name);
  }

  #changed(name: string): StartError {
    return new StartError(
      "download",
      `${this.#at(name)} changed in the store while it was fetched.`,
      true,
    );
  }

  #at(name: string): string {
    return `s3://${this.#place.bucket}/${keyOf(this.#place, name)}`;
  }

  #object(name: string): { bucket: string; key: string } {
    return { bucket: this.#place.bucket, key: keyOf(this.#place, name) };
  }
}
