/** The last resort: what a model's name tells about its size. Everything here is a guess and is marked so. */
import type { ModelFacts } from "./facts.ts";

/** Parameters that the name states: `70B`, `8x7B`, `1.5B`, `1T`; undefined when it states none. */
export function parametersInName(name: string): number | undefined {
  // Llama 4 states what is active ("17B-16E"), not what is loaded.
  if (/\d+b-\d+e(?![a-z])/i.test(name)) return undefined;
  const mixture = /(?<![a-z0-9.])(\d{1,3})x(\d+(?:\.\d+)?)b(?![a-z0-9])/i.exec(name);
  // Mixtral shares attention among experts: 8x7B is 46.7 B, 8x22B is 140.6 B.
  if (mixture) return Math.round(Number(mixture[1]) * Number(mixture[2]) * 0.84e9);
  const plain = /(?<![a-z0-9.])(\d{1,4}(?:\.\d+)?)([mbt])(?![a-z0-9])/i.exec(name);
  if (!plain) return undefined;
  return Math.round(Number(plain[1]) * scale[(plain[2] ?? "b").toLowerCase() as "b"]);
}

const scale = { m: 1e6, b: 1e9, t: 1e12 };

/** Up to this many parameters: layers, hidden size and heads of the widest well-known model (Qwen3, Phi-4, Llama 3.1). */
const known: readonly (readonly [
  parameters: number,
  layers: number,
  hidden: number,
  heads: number,
])[] = [
  [2.5e9, 28, 2048, 16],
  [9.5e9, 36, 4096, 32],
  [17e9, 48, 5120, 40],
  [40e9, 64, 5120, 64],
  [100e9, 80, 8192, 64],
  [250e9, 96, 12288, 96],
  [Number.POSITIVE_INFINITY, 126, 16384, 128],
];

/** Shapes of a usual model of this size: 8 KV heads of 128, so that the cache is rather over- than underestimated. */
export function factsOfSize(parameters: number): ModelFacts {
  const [, layers, hidden, heads] = known.find(([most]) => parameters <= most) ?? [
    0, 126, 16384, 128,
  ];
  return {
    family: "unknown",
    hidden,
    heads,
    vocab: 152_064,
    context_max: null,
    cache: [{ kind: "full", layers, heads: 8, width: 256 }],
    window: 0,
    hybrid: null,
    feed_forward: { width: 4 * hidden, dense_layers: layers, matrices: 3, experts: null },
    multimodal: false,
  };
}
