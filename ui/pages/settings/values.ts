/** From a filled form to the values of a group. Pure. */

import { secretIn } from "../../secret.tsx";

interface Named {
  name: string;
  kind: string;
}

export function valuesOf(form: FormData, fields: readonly Named[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { name, kind } of fields) {
    const word = String(form.get(name) ?? "").trim();
    if (kind === "flag") values[name] = form.has(name);
    else if (kind === "number") values[name] = Number(word);
    else if (kind === "lines") values[name] = linesOf(word);
    else if (kind !== "secret") values[name] = word;
    else if (secretIn(form, name) !== undefined) values[name] = secretIn(form, name);
  }
  return values;
}

const linesOf = (text: string): string[] =>
  text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
