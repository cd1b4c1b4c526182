/**
 * A request of many pieces as single ones, and their answers as one. llama-server takes lists, but says the usage of
 * one piece only, and lets nobody else in before all of them are done (C17). Pure.
 */
import type { Kind } from "../request/allow-list.ts";
import { isObject } from "../request/json.ts";
import { partsOf } from "./pieces.ts";

type Json = Readonly<Record<string, unknown>>;

/** One request for the engine, and where its parts of the answer belong. */
export interface Single {
  body: Json;
  /** Of its first choice, embedding or document. */
  first: number;
  /** Its prompt was counted with an earlier one. */
  repeats: boolean;
}

/** Texts to embed or to rank take moments: so many go together. */
const together = 16;

/** Null where BODY is asked as it is. */
export function singlesOf(kind: Kind, stream: boolean, body: Json): readonly Single[] | null {
  if (kind === "embeddings") return inParts(body, "input", partsOf(body["input"]));
  if (kind === "rerank") {
    const { top_n: _, ...rest } = body;
    return inParts(rest, "documents", body["documents"]);
  }
  if (kind === "completions") return answers(body, partsOf(body["prompt"]));
  // A stream of several answers is told apart by its frames, and counted by them.
  return kind === "chat/completions" && !stream ? answers(body, null) : null;
}

function inParts(body: Json, field: string, list: unknown): readonly Single[] | null {
  if (!Array.isArray(list) || list.length <= together) return null;
  return Array.from({ length: Math.ceil(list.length / together) }, (_, part) => {
    const first = part * together;
    const some = list.slice(first, first + together);
    return { body: { ...body, [field]: some }, first, repeats: false };
  });
}

function answers(body: Json, prompts: readonly unknown[] | null): readonly Single[] | null {
  const { n, best_of: _, stream: __, stream_options: ___, ...rest } = body;
  const each = typeof n === "number" ? n : 1;
  const given = prompts ?? [null];
  if (each * given.length === 1) return null;
  return given.flatMap((prompt, at) =>
    Array.from({ length: each }, (_unused, answer) => ({
      body: {
        ...rest,
        ...(prompts && { prompt }),
        // The same seed would give the same answer each time.
        ...(typeof rest["seed"] === "number" && { seed: rest["seed"] + answer }),
      },
      first: at * each + answer,
      repeats: answer > 0,
    })),
  );
}

/** ANSWER's choices, embeddings or results with the places that they have in the whole. */
export function placed(answer: Json, { first }: Single): Json {
  const shift = (list: unknown) =>
    Array.isArray(list)
      ? list.map((one) =>
          isObject(one) ? { ...one, index: first + (Number(one["index"]) || 0) } : one,
        )
      : undefined;
  const [choices, data, results] = ["choices", "data", "results"].map((key) => shift(answer[key]));
  return {
    ...answer,
    ...(choices && { choices }),
    ...(data && { data }),
    ...(results && { results }),
  };
}

/** ANSWERS as one, in order; USAGE of all of them. BODY is what the client sent. */
export function joined(answers: readonly Json[], body: Json, usage: Json): Json {
  const all = (key: string) =>
    answers
      .flatMap((answer) => (Array.isArray(answer[key]) ? (answer[key] as Json[]) : []))
      .toSorted((a, b) => Number(a["index"]) - Number(b["index"]));
  const { choices, data, results, ...head } = answers[0] ?? {};
  return {
    ...head,
    ...(choices !== undefined && { choices: all("choices") }),
    ...(data !== undefined && { data: all("data") }),
    ...(results !== undefined && { results: best(all("results"), body["top_n"]) }),
    usage,
  };
}

const scoreOf = (result: Json): number => Number(result["relevance_score"]) || 0;

function best(results: readonly Json[], top_n: unknown): readonly Json[] {
  const ranked = results.toSorted((a, b) => scoreOf(b) - scoreOf(a));
  return typeof top_n === "number" && top_n > 0 ? ranked.slice(0, top_n) : ranked;
}
