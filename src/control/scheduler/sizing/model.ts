/** Puts together what is known of a model, from the best source down: headers, index, config, name. */
import { badRequest, Failure } from "../../../shared/failure.ts";
import type { ConfigFacts } from "./config.ts";
import type { ModelFacts } from "./facts.ts";
import { factsOfSize, parametersInName } from "./name.ts";
import { paddingBytes, type Shapes, shapeBytes, total } from "./parameters.ts";
import { bf16, ggufFile, type Precision, precisionInName, precisionNamed } from "./precision.ts";

/** `ledger`: what earlier starts really used. `name` also stands for weights computed from a config's shapes. */
export type Source = "headers" | "index" | "name" | "ledger";

export interface Model {
  name: string;
  facts: ModelFacts;
  precision: Precision;
  /** Of one copy, as loaded. */
  weights_bytes: number;
  /** Of these, what every GPU of a tensor parallel group holds whole. */
  replicated_bytes: number;
  parameters: { total: number; active: number } | null;
  source: Source;
  /** Where the numbers come from, as clauses for the explanation; null for an exact cache. */
  origin: { weights: string; cache: string | null };
}

/** Bytes of the tensors, read from the files themselves. */
export interface ReadWeights {
  bytes: number;
  source: "headers" | "index" | "ledger";
}

export interface Known {
  name: string;
  config?: ConfigFacts;
  /** Facts that came with the weights (GGUF). */
  facts?: ModelFacts;
  weights?: ReadWeights;
  dtype?: string;
}

/** Throws 422 when nothing says how large the model is. */
export function modelFrom(known: Known): Model {
  const { name, config, weights } = known;
  const precision = precisionOf(known);
  const shapes = config?.shapes ?? null;
  const parameters = parametersOf(name, shapes);
  const weights_bytes = bytesOf(known, precision, parameters);
  const guess = weights ? (weights.bytes * 8) / precision.bits.dense : parameters?.total;
  const facts = known.facts ?? config?.facts ?? (guess ? factsOfSize(guess) : undefined);
  if (facts === undefined || weights_bytes === undefined) throw unknownSize(name);
  return {
    name,
    facts,
    precision,
    weights_bytes,
    replicated_bytes: shapes ? Math.ceil((shapes.replicated * precision.bits.attention) / 8) : 0,
    parameters,
    source: weights?.source ?? "name",
    origin: {
      weights: weights ? `from the ${weights.source}` : computedOrigin(shapes !== null),
      cache: known.facts || config ? null : "guessed from the size of the model",
    },
  };
}

function parametersOf(name: string, shapes: Shapes | null): Model["parameters"] {
  if (shapes) return { total: total(shapes.parameters), active: shapes.active };
  const stated = parametersInName(name);
  return stated === undefined ? null : { total: stated, active: stated };
}

function bytesOf(
  { config, weights }: Known,
  precision: Precision,
  parameters: Model["parameters"],
): number | undefined {
  const shapes = config?.shapes;
  if (weights?.source === "ledger") return weights.bytes;
  if (weights) return weights.bytes + (shapes ? paddingBytes(shapes, precision) : 0);
  if (shapes) return shapeBytes(shapes, precision);
  // Experts and dense layers are nearly all of a model, and a name does not say the rest apart.
  return parameters ? Math.ceil((parameters.total * precision.bits.experts) / 8) : undefined;
}

const computedOrigin = (shaped: boolean): string =>
  shaped ? "computed from the shapes in the config" : "guessed from the size in the name";

/** What was asked for, then what the files, the name and the family say. */
function precisionOf({ name, config, dtype, weights, facts }: Known): Precision {
  const said = config?.precision;
  if (dtype !== undefined) {
    if (weights) throw badRequest("`dtype` is read from the files here. Leave it out.", "dtype");
    const wanted = precisionNamed(dtype);
    // The config knows better which parts its quantiser left alone.
    return said?.name === wanted.name ? said : wanted;
  }
  if (facts) return ggufFile(name);
  // A quantised copy beside a full config (`-AWQ`, `torch_dtype: bfloat16`) says so only in its name.
  if (said && (weights || said.bits.experts < 16)) return said;
  return precisionInName(name) ?? said ?? config?.usual_precision ?? bf16;
}

const unknownSize = (name: string): Failure =>
  new Failure(
    422,
    `The size of ${JSON.stringify(name.slice(0, 128))} is unknown: its name has no size like 8B. Give its config.json.`,
    { code: "model_size_unknown", param: "model" },
  );
