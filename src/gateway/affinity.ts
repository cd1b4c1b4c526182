import type { Ask } from "./ask.ts";
import { isObject } from "./json.ts";

/** Enough of a conversation's beginning to tell it from others, and all that a first block of cache holds. */
const characters = 512;

/**
 * Equal numbers for requests that begin alike: the replica that answered the one still has the other's
 * prefix in its cache. STICKY, when the client gives it, says it instead.
 */
export function affinityOf({ body }: Pick<Ask, "body">, sticky: string | null): number {
  return Bun.hash.xxHash32(sticky ?? beginning(body).slice(0, characters));
}

/** The system prompt and the first thing that was asked: they stay, however long the conversation gets. */
function beginning({ messages, input, prompt, system, instructions }: Ask["body"]): string {
  const first = Array.isArray(messages) ? messages : Array.isArray(input) ? input : [];
  const opening = [instructions, system, prompt, ...first.slice(0, 2), input].map(textOf);
  return opening.join("\n");
}

/** A block that Claude Code puts in front, with another hash in every request. */
const changing = "x-anthropic-billing-header";

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) {
    return textOf(value.map(textOf).find((text) => !text.startsWith(changing)));
  }
  return isObject(value) ? textOf(value["content"] ?? value["text"]) : "";
}
