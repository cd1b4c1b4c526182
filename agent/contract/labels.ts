/** What a host says of itself for placement, such as `region=eu`. */
export type Labels = Record<string, string>;

const KEY = /^[a-z0-9._-]{1,63}$/;
const VALUE = /^[A-Za-z0-9._-]{0,63}$/;
const MOST_LABELS = 64;

/** From words such as `region=eu`. Throws an Error with a sentence for a word that is no label. */
export function parseLabels(words: readonly string[]): Labels {
  const labels = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf("=");
    if (at === -1) throw new Error(`The label "${word}" has no value. Write it as ${word}=VALUE.`);
    const key = word.slice(0, at);
    const value = word.slice(at + 1);
    if (!KEY.test(key)) {
      throw new Error(
        `"${key}" cannot be the name of a label. Use 1 to 63 of a-z, 0-9, ".", "_" and "-".`,
      );
    }
    if (!VALUE.test(value)) {
      throw new Error(
        `"${value}" cannot be the value of the label ${key}. Use up to 63 of A-Z, a-z, 0-9, ".", "_" and "-".`,
      );
    }
    if (labels.has(key)) throw new Error(`The label ${key} is given twice. Give it once.`);
    labels.set(key, value);
  }
  if (labels.size > MOST_LABELS) {
    throw new Error(`These are ${labels.size} labels. A host can have ${MOST_LABELS}.`);
  }
  return Object.fromEntries(labels);
}

/** Those of LABELS that are well formed, and not more than a host can have: for words from elsewhere. */
export function soundLabels(labels: Readonly<Labels>): Labels {
  const sound = Object.entries(labels).filter(([key, value]) => KEY.test(key) && VALUE.test(value));
  return Object.fromEntries(sound.slice(0, MOST_LABELS));
}
