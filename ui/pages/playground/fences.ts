/** Splits an answer at its code fences. Pure; an open fence runs to the end, as it does while it streams. */
export interface Block {
  is: "prose" | "code";
  text: string;
}

export function blocks(answer: string): Block[] {
  const parts = answer.split(/^```[^\n]*\n?/m);
  return parts
    .map(
      (text, index): Block =>
        index % 2 === 0
          ? { is: "prose", text: text.trim() }
          : { is: "code", text: text.replace(/\n$/, "") },
    )
    .filter(({ text }) => text !== "");
}
