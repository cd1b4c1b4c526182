/** The model that travels inside the binary. Nothing here can read it there, so its header's facts stand here. */
import { badRequest } from "../../../shared/failure.ts";
import type { FileFacts } from "../../scheduler/sizing/model-files.ts";

const demo: FileFacts = {
  facts: {
    family: "llama",
    hidden: 192,
    heads: 6,
    vocab: 1859,
    context_max: 8192,
    cache: [{ kind: "full", layers: 4, heads: 2, width: 64 }],
    window: 0,
    hybrid: null,
    feed_forward: { width: 512, dense_layers: 4, matrices: 3, experts: null },
    multimodal: false,
  },
  weights: { bytes: 3_866_496, source: "headers" },
};

const builtins: ReadonlyMap<string, FileFacts> = new Map([["hypervize-demo", demo]]);

/** Throws a 400 that lists the names. */
export function builtinFacts(name: string): FileFacts {
  const facts = builtins.get(name);
  if (facts) return facts;
  throw badRequest(
    `No model ${JSON.stringify(name.slice(0, 128))} is built in. Available: ${[...builtins.keys()].join(", ")}.`,
    "model",
    "model_not_found",
  );
}
