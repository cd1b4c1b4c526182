/** Lists as people type them, one thing a line. Pure; a mistake is a sentence for the one who typed it. */

const linesOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** `model` or `model 90`: the weight is 1 where none is said. */
export function targetsFrom(text: string): { model: string; weight: number }[] {
  return linesOf(text).map((line) => {
    const [, model = "", weight = "1"] = /^(\S+)(?:\s+(\d+)%?)?$/.exec(line) ?? [];
    if (model === "") throw new Error(`“${line}” is not a model with a weight behind it.`);
    return { model, weight: Number(weight) };
  });
}

export const targetsText = (targets: readonly { model: string; weight: number }[]): string =>
  targets.map(({ model, weight }) => (weight === 1 ? model : `${model} ${weight}`)).join("\n");

/** `name`, `name = their-name`, and `burst` behind it for a shared model that may burst out. */
export function providedFrom(text: string): { name: string; upstream: string; burst: boolean }[] {
  return linesOf(text).map((line) => {
    const [, name = "", upstream = name, burst] =
      /^([^\s=]+)(?:\s*=\s*([^\s=]+))?(\s+burst)?$/.exec(line) ?? [];
    if (name === "") throw new Error(`“${line}” is not a name, or a name = another name.`);
    return { name, upstream, burst: burst !== undefined };
  });
}

export const providedText = (
  models: readonly { name: string; upstream: string; burst: boolean }[],
): string =>
  models
    .map(({ name, upstream, burst }) => {
      const mapped = name === upstream ? name : `${name} = ${upstream}`;
      return burst ? `${mapped} burst` : mapped;
    })
    .join("\n");

export const wordsOf = (text: string): string[] =>
  text.split(/[\s,]+/).filter((word) => word !== "");
