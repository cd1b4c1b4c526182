/** What would become of something, for a person at a terminal. */
import type { DryRunView } from "../control/models/resolution/forecast.ts";
import type { Terminal, Words } from "./command.ts";

/** Returns the exit code: 1 where it has no place now. */
export function printDryRun(answer: DryRunView, words: Words, { out }: Terminal): number {
  const { sizing, placement, refused, would_stop, warnings } = answer;
  const sentences = [
    placement?.why,
    refused && [refused.detail, refused.nearest].filter(Boolean).join(" "),
    ...would_stop.map(({ model, host_name }) => `${model} on ${host_name} would be put to sleep.`),
    sizing?.explanation,
    ...warnings,
  ];
  if (words.flag("json")) out(JSON.stringify(answer, null, 2));
  else for (const sentence of sentences) if (sentence) out(sentence);
  return refused ? 1 : 0;
}
