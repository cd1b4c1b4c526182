/** Which GGUF file of a repository is meant. Control plane and agent choose by the same rules. Pure. */
import { part_pattern, stemOf } from "./gguf-name.ts";

/** The file, with all its parts in order; or, when no file or several are meant, what there is to choose from. */
export type GgufChoice = { files: readonly string[] } | { choices: readonly string[] };

interface Candidate {
  files: readonly string[];
  /** `Q4_K_M`, `UD-Q4_K_XL`, `BF16`; empty where the name has none. */
  quant: string;
}

/** What is taken when nobody says: small, and close to the original (llama.cpp's `-hf` does the same). */
const usual = "Q4_K_M";
const quant_pattern =
  /(?:^|[-._/])((?:UD-)?(?:I?Q\d[A-Z0-9_]*|TQ\d_\d|[BF]?F(?:16|32)|FP16|MXFP4(?:_MOE)?))$/i;
/** Projectors of vision models and calibration data: a model is none of them. */
const beside = /(?:^|\/)(?:mmproj|imatrix)|[-._](?:mmproj|imatrix)(?=[-._])/i;

/** NAMES: all files of the repository, with their folders. WORD: a file, a quant, or null. */
export function chooseGguf(names: readonly string[], word: string | null): GgufChoice {
  const all = candidatesIn(names);
  const named = all.find(({ files }) => word !== null && files.includes(word));
  if (named) return { files: named.files };
  const models = all.filter(({ files }) => !beside.test(files[0] ?? ""));
  const [only, ...more] = matching(models, word ?? usual);
  if (only && more.length === 0) return { files: only.files };
  if (word === null && models.length === 1 && models[0]) return { files: models[0].files };
  const quants = models.map(({ quant }) => quant);
  const distinct = new Set(quants).size === models.length && !quants.includes("");
  return { choices: (distinct ? quants : models.map(({ files }) => files[0] ?? "")).sort() };
}

/** The quant itself before Unsloth's dynamic variant of it. */
function matching(models: readonly Candidate[], word: string): Candidate[] {
  const wanted = word.toUpperCase();
  const exact = models.filter(({ quant }) => quant === wanted);
  return exact.length > 0 ? exact : models.filter(({ quant }) => quant === `UD-${wanted}`);
}

/** A set that is not whole cannot be run and is left out. */
function candidatesIn(names: readonly string[]): Candidate[] {
  const files = names.filter((name) => /\.gguf$/i.test(name));
  const sets = Map.groupBy(files, (name) =>
    name.replace(part_pattern, (_, _part, of) => `-of-${of}`),
  );
  return [...sets.values()].flatMap((parts) => {
    const [first = ""] = parts.sort();
    const quant = (quant_pattern.exec(stemOf(first))?.[1] ?? "").toUpperCase();
    const of = part_pattern.exec(first)?.[2];
    return of !== undefined && Number(of) !== parts.length ? [] : [{ files: parts, quant }];
  });
}
