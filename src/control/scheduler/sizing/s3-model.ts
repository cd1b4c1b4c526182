/** A folder in S3 as a repository: what there is, what it is at this moment, and the beginnings of its files. */
import type { HubSource } from "../../../../agent/contract/gguf/hub-source.ts";
import type { S3Access } from "../../../../agent/contract/protocol/messages.ts";
import {
  listFolder,
  most_page_bytes,
  TooManyFiles,
} from "../../../../agent/contract/s3/listing.ts";
import { no_s3 } from "../../../../agent/contract/s3/refusal.ts";
import { keyOf, pinOf, type S3Object, s3Folder } from "../../../../agent/contract/s3/source.ts";
import { badRequest, type Failure } from "../../../shared/failure.ts";
import { filesOf, type ReadRange, rangeIn } from "./header-reader.ts";
import type { HubModel } from "./hub-files.ts";
import { type HubReading, type HubWants, readModel } from "./hub-model.ts";
import { HubError } from "./hub-request.ts";
import { askStore, S3Error, type S3Store } from "./s3-request.ts";

/** Throws a HubError for a store that cannot be asked now, and a 400 with a sentence for all else. */
export async function readS3Model(
  store: S3Store,
  source: HubSource,
  { runtime, signal }: Omit<HubWants, "token">,
): Promise<HubReading> {
  const access = store.access();
  if (access === null) throw badRequest(no_s3, "model", "s3_config");
  try {
    return await readModel(await openFolder(store, access, source, signal), source, runtime);
  } catch (error) {
    if (error instanceof S3Error && error.problem !== "unreachable") throw refusal(error);
    throw error;
  }
}

const codes = { denied: "gated_model", missing: "model_not_found", config: "s3_config" };

const refusal = ({ kind, sentence }: S3Error): Failure =>
  badRequest(sentence, "model", codes[kind as keyof typeof codes] ?? null);

async function openFolder(
  store: S3Store,
  access: S3Access,
  source: HubSource,
  signal: AbortSignal,
): Promise<HubModel> {
  const place = s3Folder(source.repository);
  const objects = await listed(store, access, source, signal);
  if (objects.length === 0) {
    const sentence = `${source.repository} is empty, or there is no such folder. Check the path.`;
    throw badRequest(sentence, "model", "model_not_found");
  }
  const byName = new Map(objects.map((object) => [object.name, object]));
  const range: ReadRange = async (name, from, to) => {
    const answer = await askStore(store, access, {
      method: "GET",
      bucket: place.bucket,
      key: keyOf(place, name),
      signal,
      headers: { range: `bytes=${from}-${to - 1}` },
      most_bytes: to,
    });
    return rangeIn(answer, from, to);
  };
  const sizes = new Map(objects.map(({ name, bytes }) => [name, bytes]));
  return {
    from: "the store",
    sizes,
    files: filesOf(sizes, range),
    commitOf(names) {
      return names.length === 0 ? null : pinOf(names.flatMap((name) => byName.get(name) ?? []));
    },
  };
}

async function listed(
  store: S3Store,
  access: S3Access,
  { repository, word }: HubSource,
  signal: AbortSignal,
): Promise<S3Object[]> {
  try {
    return await listFolder(s3Folder(repository), word, {
      ask: (ask) => askStore(store, access, { ...ask, most_bytes: most_page_bytes, signal }),
      isDenied: (error) => error instanceof S3Error && error.kind === "denied",
    });
  } catch (error) {
    if (error instanceof TooManyFiles) {
      throw badRequest(`${repository}: ${error.message} Name a folder with less.`, "model");
    }
    if (error instanceof HubError) throw error;
    throw new HubError("unreachable", "which sent no list of files", error);
  }
}
