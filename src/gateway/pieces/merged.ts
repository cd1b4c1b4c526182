/** The answers to the pieces of one request, as one answer. Pure. */
import { isObject } from "../request/json.ts";

type Json = Record<string, unknown>;

/** Each of ANSWERS has one choice, which gets the place of its piece. */
export function mergedChoices(answers: readonly Json[], usage: Json): Json {
  // Their times are those of one of them.
  const { timings: _, ...first } = answers[0] ?? {};
  const choices = answers.map((answer, index) => ({ ...listOf(answer, "choices")[0], index }));
  return { ...first, choices, usage };
}

/** Texts went up several at a time. */
export function mergedEmbeddings(answers: readonly Json[], usage: Json): Json {
  const data = answers.flatMap((answer) => inOrder(listOf(answer, "data")));
  return {
    ...answers[0],
    data: data.map((embedding, index) => ({ ...embedding, index })),
    usage: ofPrompts(usage),
  };
}

/** The best first, as in every answer, and of all no more than TOP. */
export function mergedRanking(answers: readonly Json[], usage: Json, top: unknown): Json {
  let before = 0;
  const results: Json[] = [];
  for (const answer of answers) {
    const ranked = listOf(answer, "results");
    for (const result of ranked) {
      results.push({ ...result, index: Number(result["index"]) + before });
    }
    before += ranked.length;
  }
  results.sort((a, b) => Number(b["relevance_score"]) - Number(a["relevance_score"]));
  const most = typeof top === "number" && top > 0 ? top : results.length;
  return { ...answers[0], results: results.slice(0, most), usage: ofPrompts(usage) };
}

const listOf = (answer: Json, field: string): Json[] => {
  const list = answer[field];
  return Array.isArray(list) ? list.filter(isObject) : [];
};

const inOrder = (data: Json[]): Json[] =>
  data.sort((a, b) => Number(a["index"] ?? 0) - Number(b["index"] ?? 0));

/** Nothing is generated. */
const ofPrompts = ({ prompt_tokens }: Json): Json => ({
  prompt_tokens,
  total_tokens: prompt_tokens,
});

/** A chunk of the piece INDEX as one of the whole stream, whose first chunk was HEAD; null when nothing is left of it. */
export function mergedChunk(chunk: Json, index: number, head: Json): Json | null {
  const { usage: _usage, timings: _timings, choices: given, ...rest } = chunk;
  if (!Array.isArray(given) || given.length === 0) return null;
  const choices = given.map((choice: unknown) =>
    isObject(choice) ? { ...choice, index } : choice,
  );
  return { ...rest, ...ofStream(head), choices };
}

export const usageChunk = (head: Json, usage: Json): Json => ({
  ...ofStream(head),
  choices: [],
  usage,
});

/** What is the same in all chunks of a stream. */
function ofStream({ id, object, created, model, system_fingerprint }: Json): Json {
  const shared = { id, object, created, model, system_fingerprint };
  return Object.fromEntries(Object.entries(shared).filter(([, value]) => value !== undefined));
}
