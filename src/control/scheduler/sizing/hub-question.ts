/** Answers a question about a model of a hub by what the hub has, when somebody can read it there. */
import {
  type HubSource,
  hubSource,
  parseHubSource,
} from "../../../../agent/contract/gguf/hub-source.ts";
import { s3_form } from "../../../../agent/contract/s3/refusal.ts";
import { isS3Place, parseS3Source } from "../../../../agent/contract/s3/source.ts";
import { badRequest, Failure } from "../../../shared/failure.ts";
import { type HubReading, readHubModel } from "./hub-model.ts";
import { type Hub, HubError } from "./hub-request.ts";
import type { FindMeasured } from "./measured.ts";
import type { FileFacts } from "./model-files.ts";
import type { Sizing } from "./plan.ts";
import { answer, type Question } from "./question.ts";
import { readS3Model } from "./s3-model.ts";
import type { S3Store } from "./s3-request.ts";

export interface HubFacts {
  facts: FileFacts;
  /** The file that was chosen. */
  file: string | null;
  /** What the answer does not rest on, as sentences. */
  notes: readonly string[];
}

export type ReadHub = (source: HubSource) => Promise<HubFacts>;

/** Models in S3 are read from STORE, all others by HUB. A store that cannot be reached gives no facts and a note. */
export function storeReader(store: S3Store, patience_ms: number, hub: ReadHub): ReadHub {
  return async (source) => {
    if (!isS3Place(source.repository)) return hub(source);
    const signal = AbortSignal.timeout(patience_ms);
    try {
      const { facts, file, warnings } = await readS3Model(store, source, { runtime: null, signal });
      return { facts, file, notes: warnings };
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      const where = store.access()?.endpoint;
      const note = `Its own files were not read: it was looked up at ${where}, ${error.message}.`;
      return { facts: {}, file: null, notes: [note] };
    }
  };
}

/** What IMPORTED knows needs neither a hub nor a store; for all else, OTHERS. */
export function importedReader(
  imported: (source: HubSource, runtime: null) => HubReading | undefined,
  others: ReadHub,
): ReadHub {
  return async (source) => {
    const known = imported(source, null);
    return known ? { facts: known.facts, file: known.file, notes: [] } : others(source);
  };
}

/** Of a hub that cannot be read it gives no facts and a note. Throws a 400 for a repository without a model. */
export function hubReader(hub: Hub, token: string, patience_ms: number): ReadHub {
  return async (source) => {
    const signal = AbortSignal.timeout(patience_ms);
    try {
      const read = await readHubModel(hub, source, { runtime: null, token, signal });
      return { facts: read.facts, file: read.file, notes: read.warnings };
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      const why =
        error.problem === "gated"
          ? `${source.repository} is gated at ${hub.endpoint}`
          : `it was looked up at ${hub.endpoint}, ${error.message}`;
      const note = `Its own files were not read: ${why}.`;
      return { facts: {}, file: null, notes: [note] };
    }
  };
}

function sourceIn(model: string): HubSource | undefined {
  if (!isS3Place(model)) return parseHubSource(model);
  return parseS3Source(model) ?? refuse(s3_form);
}

function refuse(sentence: string): never {
  throw badRequest(sentence, "model");
}

/** Like `answer`; what the hub did not tell is said at the end of the explanation. */
export async function answerFromHub(
  question: Question,
  readHub: ReadHub,
  measured?: FindMeasured,
): Promise<Sizing> {
  const { model, config, dtype } = question;
  const source = model === undefined ? undefined : sourceIn(model);
  if (config !== undefined || source === undefined) return answer(question);
  const { facts, file, notes } = await readHub(source);
  const { weights, ...shapes } = facts;
  const name = file === null ? source.repository : `${source.repository}:${file}`;
  const said = (words: string): string => [words, ...notes].join(" ");
  try {
    // Another type than the files' is computed from the shapes.
    const files = dtype === undefined ? facts : shapes;
    const place = hubSource({ ...source, word: file ?? source.word });
    const known = { files, source: place, ...(measured && { measured }) };
    const sizing = answer({ ...question, model: name }, known);
    return { ...sizing, explanation: said(sizing.explanation) };
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "model_size_unknown") throw error;
    throw new Failure(error.status, said(error.message), error);
  }
}
