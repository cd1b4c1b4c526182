/** Reads the SSE stream of a chat answer. Pure but for the loop at the end. */

export type ChatEvent =
  | { is: "text"; text: string }
  | { is: "reasoning"; text: string }
  | { is: "finish"; reason: string }
  | { is: "usage"; prompt_tokens: number; completion_tokens: number }
  | { is: "error"; message: string; code: string | null }
  | { is: "waking"; note: string }
  | { is: "done" };

interface Chunk {
  choices?: {
    delta?: { content?: string | null; reasoning_content?: string | null };
    finish_reason?: string | null;
  }[];
  usage?: { prompt_tokens?: number; completion_tokens?: number } | null;
  error?: { message?: string; code?: string | null } | string;
}

/**
 * Cuts a byte stream's text into events as the HTML standard says (section 9.2.6): lines end with LF,
 * CR or CRLF, an event ends with an empty line, several `data` lines are joined. One that the stream
 * breaks off in is dropped.
 */
export class SseDecoder {
  #rest = "";
  #data: string[] = [];

  /** Takes the next piece of text; returns the payloads of what it completed, comments with their colon. */
  push(text: string): string[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): string[] {
    if (line.startsWith(":")) return [line];
    if (line === "") {
      const data = this.#data;
      this.#data = [];
      return data.length > 0 ? [data.join("\n")] : [];
    }
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "data") this.#data.push(value);
    return [];
  }
}

/** What one payload means. Anything that is not understood means nothing. */
export function chatEvents(payload: string): ChatEvent[] {
  if (payload.startsWith(":")) return waking(payload);
  if (payload === "[DONE]") return [{ is: "done" }];
  const chunk = parse(payload);
  if (!chunk) return [];
  if (chunk.error) return [failure(chunk.error)];
  const { delta, finish_reason } = chunk.choices?.[0] ?? {};
  return [
    ...(delta?.reasoning_content
      ? [{ is: "reasoning", text: delta.reasoning_content } as const]
      : []),
    ...(delta?.content ? [{ is: "text", text: delta.content } as const] : []),
    ...(finish_reason ? [{ is: "finish", reason: finish_reason } as const] : []),
    ...(chunk.usage ? [usage(chunk.usage)] : []),
  ];
}

function parse(payload: string): Chunk | null {
  try {
    const parsed: unknown = JSON.parse(payload);
    return typeof parsed === "object" ? (parsed as Chunk | null) : null;
  } catch {
    return null;
  }
}

function waking(comment: string): ChatEvent[] {
  const eta = /^: ?waking(?: eta=(\d+)s?)?/.exec(comment);
  if (!eta) return [];
  return [
    {
      is: "waking",
      note: eta[1] ? `The model wakes up, about ${eta[1]} s more` : "The model wakes up",
    },
  ];
}

function failure(error: NonNullable<Chunk["error"]>): ChatEvent {
  if (typeof error === "string") return { is: "error", message: error, code: null };
  const message = error.message ?? "The answer failed without saying why. Try again.";
  return { is: "error", message, code: error.code ?? null };
}

function usage({
  prompt_tokens = 0,
  completion_tokens = 0,
}: NonNullable<Chunk["usage"]>): ChatEvent {
  return { is: "usage", prompt_tokens, completion_tokens };
}

/** Tells LISTEN each event as it comes; resolves at the end of the stream, rejects when it breaks. */
export async function readChat(
  body: ReadableStream<Uint8Array>,
  listen: (event: ChatEvent) => void,
): Promise<void> {
  const reader = body.getReader();
  const text = new TextDecoder();
  const events = new SseDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    for (const payload of events.push(text.decode(value, { stream: true }))) {
      for (const event of chatEvents(payload)) listen(event);
    }
  }
}
