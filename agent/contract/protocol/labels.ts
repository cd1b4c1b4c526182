/** What a host says of itself for placement, such as `region=eu`. */
export type Labels = Record<string, string>;

const key_pattern = /^[a-z0-9._-]{1,63}$/;
const value_pattern = /^[A-Za-z0-9._-]{0,63}$/;
const most_labels = 64;

/** From words such as `region=eu`. Throws an Error with a sentence for a word that is no label. */
export function parseLabels(words: readonly string[]): Labels {
  const labels = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf("=");
    if (at === -1) throw new Error(`The label "${word}" has no value. Write it as ${word}=VALUE.`);
    const key = word.slice(0, at);
    const value = word.slice(at + 1);
    if (!key_pattern.test(key)) {
      throw new Error(
        `"${key}" cannot be the name of a label. Use 1 to 63 of a-z, 0-9, ".", "_" and "-".`,
      );
    }
    if (!value_pattern.test(value)) {
      throw new Error(
        `"${value}" cannot be the value of the label ${key}. Use up to 63 of A-Z, a-z, 0-9, ".", "_" and "-".`,
      );
    }
    if (labels.has(key)) throw new Error(`The label ${key} is given twice. Give it once.`);
    labels.set(key, value);
  }
  if (labels.size > most_labels) {
    throw new Error(`These are ${labels.size} labels. A host can have ${most_labels}.`);
  }
  return Object.fromEntries(labels);
}

/** Those of LABELS that are well formed, and not more than a host can have: for words from elsewhere. */
export function soundLabels(labels: Readonly<Labels>): Labels {
  const sound = Object.entries(labels).filter(
    ([key, value]) => key_pattern.test(key) && value_pattern.test(value),
  );
  return Object.fromEntries(sound.slice(0, most_labels));
}
