/** How many bits a weight takes, by the part of the model that it belongs to. */
import { badRequest } from "../../../shared/failure.ts";
import { type Document, isDocument, text, words } from "./document.ts";
import { ggufBits } from "./gguf-types.ts";

export type Part = "embedding" | "attention" | "dense" | "shared" | "experts";

export interface Precision {
  name: string;
  /** Bits per weight with scales and zero points. Norms and routers are small and stay at 16. */
  bits: Readonly<Record<Part, number>>;
  /** GGUF runs on llama-server, everything else on vLLM. */
  engine: "vllm" | "llama-server";
  /** Experts are padded to a multiple of this in memory; 1: they are not. */
  pad: number;
}

const everywhere = (name: string, bits: number): Precision => ({
  name,
  bits: { embedding: bits, attention: bits, dense: bits, shared: bits, experts: bits },
  engine: "vllm",
  pad: 1,
});

/** Quantised linear layers; embeddings and head stay at 16 bits, as vLLM's loaders leave them. */
const linear = (name: string, bits: number): Precision => {
  const plain = everywhere(name, bits);
  return { ...plain, bits: { ...plain.bits, embedding: 16 } };
};

/** One 16-bit scale and one zero point of the weight's own size per group. */
const grouped = (bits: number, group: number): number => bits + (16 + bits) / group;

/** vLLM's MXFP4 kernels pad the hidden size of the experts (measured: gpt-oss 12.8 GiB on disk, 13.47 loaded). */
const mxfp4: Precision = {
  ...everywhere("mxfp4", 16),
  bits: { embedding: 16, attention: 16, dense: 16, shared: 16, experts: 4.25 },
  pad: 256,
};

export const bf16 = everywhere("bf16", 16);

const named: Readonly<Record<string, Precision>> = {
  fp32: everywhere("fp32", 32),
  bf16,
  fp16: everywhere("fp16", 16),
  fp8: linear("fp8", 8),
  int8: linear("int8", 8),
  int4: linear("int4", grouped(4, 128)),
  awq: linear("awq", grouped(4, 128)),
  gptq: linear("gptq", grouped(4, 128)),
  mxfp4,
  nvfp4: linear("nvfp4", 4.5),
  bnb4: linear("bnb4", 4.5),
};

const synonyms: Readonly<Record<string, string>> = {
  float32: "fp32",
  f32: "fp32",
  bfloat16: "bf16",
  float16: "fp16",
  half: "fp16",
  f16: "fp16",
  "16-bit": "bf16",
  fp8_e4m3: "fp8",
  w8a8: "int8",
  w8a16: "int8",
  w4a16: "int4",
  fp4: "nvfp4",
  modelopt_fp4: "nvfp4",
  bitsandbytes: "bnb4",
  nf4: "bnb4",
  "4bit": "bnb4",
};

/** A GGUF file whose bytes are known, so that its bits do not matter; its name may tell the type. */
export const ggufFile = (name: string): Precision => ({
  ...(ggufInName(name) ?? everywhere("GGUF", 16)),
  engine: "llama-server",
});

/** A word such as `fp8`, `awq` or `Q4_K_M`. Throws a 400 that lists them. */
export function precisionNamed(word: string): Precision {
  const found = knownPrecision(word);
  if (found) return found;
  const known = Object.keys(named).join(", ");
  throw badRequest(`\`dtype\` is one of: ${known}, or a GGUF type such as Q4_K_M.`, "dtype");
}

/** Undefined for a word that is none. */
export function knownPrecision(word: string): Precision | undefined {
  const lower = word.toLowerCase();
  const name = synonyms[lower] ?? lower;
  if (Object.hasOwn(named, name)) return named[name];
  const bits = ggufBits(word);
  return bits ? { ...everywhere(bits.name, bits.bits), engine: "llama-server" } : undefined;
}

/** What a repository's or a file's name says; undefined when it says nothing. */
export function precisionInName(name: string): Precision | undefined {
  const gguf = ggufInName(name);
  if (gguf) return gguf;
  if (/gguf/i.test(name)) return precisionNamed("Q4_K_M");
  const word =
    /(?<![a-z0-9])(nvfp4|mxfp4|awq|gptq|fp8|fp4|int8|int4|w8a8|w8a16|w4a16|bnb|4bit|bf16|fp16)(?![0-9])/i.exec(
      name,
    )?.[1];
  if (!word) return undefined;
  // "GPTQ-Int8" is 8 bits wide whatever stands first.
  if (/gptq/i.test(word) && /int8|8bit/i.test(name)) return named["int8"];
  return knownPrecision(word.toLowerCase() === "bnb" ? "bnb4" : word);
}

function ggufInName(name: string): Precision | undefined {
  const word = /(?<![a-z0-9])(i?q[1-8]_[a-z0-9]+(?:_[a-z]+)?)(?![a-z0-9])/i.exec(name)?.[1];
  return word === undefined ? undefined : knownPrecision(word);
}

/** What `quantization_config` says, wherever the config keeps it; undefined without one or for an unknown method. */
export function precisionInConfig(config: Document): Precision | undefined {
  const quantization = config["quantization_config"] ?? config["compression_config"];
  if (!isDocument(quantization)) return undefined;
  const precision = methodOf(quantization);
  return precision && keeping(quantization, precision);
}

function methodOf(quantization: Document): Precision | undefined {
  const method = (text(quantization, "quant_method") ?? "").toLowerCase();
  if (method.includes("fp8")) return linear("fp8", 8);
  if (method.startsWith("bitsandbytes") && quantization["load_in_8bit"] === true) {
    return linear("int8", 8);
  }
  if (["awq", "gptq", "auto-round", "awq_marlin", "gptq_marlin"].includes(method)) {
    return linear(method, grouped(bitsOf(quantization, "bits"), groupOf(quantization)));
  }
  if (/compressed|modelopt|quark|sparseml/.test(method) || method === "") {
    return fromGroups(quantization);
  }
  return knownPrecision(method);
}

/** compressed-tensors: `config_groups` names bits, type and group size of the weights. */
function fromGroups(quantization: Document): Precision {
  const [group] = Object.values(
    isDocument(quantization["config_groups"]) ? quantization["config_groups"] : {},
  );
  const weights = isDocument(group) && isDocument(group["weights"]) ? group["weights"] : undefined;
  if (!weights) {
    const algorithm = text(quantization, "quant_algo") ?? "fp8";
    return knownPrecision(algorithm) ?? linear("fp8", 8);
  }
  const bits = bitsOf(weights, "num_bits");
  const float = text(weights, "type") === "float";
  if (bits === 8) return linear(float ? "fp8" : "int8", 8);
  return float ? linear("nvfp4", 4.5) : linear(`int${bits}`, grouped(bits, groupOf(weights)));
}

/** Parts that the quantiser left at 16 bits (Meta's FP8 keeps attention, Kimi's INT4 all but experts). */
function keeping(quantization: Document, precision: Precision): Precision {
  const kept = [...words(quantization["modules_to_not_convert"]), ...words(quantization["ignore"])];
  const parts: Readonly<Partial<Record<Part, RegExp>>> = {
    attention: /attn|attention/,
    shared: /shared_expert/,
    dense: /mlp\\?\.\(?(gate_proj|gate\||up|down)/,
  };
  const bits = { ...precision.bits };
  for (const [part, pattern] of Object.entries(parts)) {
    if (kept.some((module) => pattern.test(module) && !/vision|visual/.test(module))) {
      bits[part as Part] = 16;
    }
  }
  return { ...precision, bits };
}

const bitsOf = (document: Document, name: string): number =>
  typeof document[name] === "number" && [2, 3, 4, 8].includes(document[name]) ? document[name] : 4;

const groupOf = (document: Document): number =>
  typeof document["group_size"] === "number" && document["group_size"] > 0
    ? document["group_size"]
    : 128;
