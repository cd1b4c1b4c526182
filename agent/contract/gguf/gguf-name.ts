/** How the parts of a split GGUF model are called: `x-00001-of-00003.gguf`, as llama.cpp's gguf-split writes them. */
export const part_pattern = /-(\d{5})-of-(\d{5})(?=\.gguf$)/i;

/** NAME without its ending and without which part it is: the parts of a model begin alike. */
export const stemOf = (name: string): string =>
  name.replace(part_pattern, "").replace(/\.gguf$/i, "");

/** The names of all parts of the model that NAME is one of, in order; NAME alone where it is not split. */
export function partsOf(name: string): string[] {
  const count = Number(part_pattern.exec(name)?.[2] ?? 0);
  const part = (index: number) =>
    name.replace(part_pattern, (of) => `-${String(index + 1).padStart(5, "0")}${of.slice(6)}`);
  return count === 0 ? [name] : Array.from({ length: count }, (_, index) => part(index));
}
