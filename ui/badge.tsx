/** A state in one word; its colour repeats the word, it never replaces it. */
import type { ComponentChildren } from "preact";

export type Tone = "good" | "warn" | "bad" | "quiet";

export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}
