/** What the playground sends, and the same as a line for a shell. Pure. */

export interface Settings {
  model: string;
  system: string;
  temperature: number;
  /** Null: as long as the model wants. */
  max_tokens: number | null;
}

export interface Message {
  role: "system" | "user" | "assistant";
  content: string;
}

export interface ChatRequest {
  model: string;
  messages: Message[];
  temperature: number;
  max_tokens?: number;
  stream: true;
  stream_options: { include_usage: true };
}

export function chatRequest(
  settings: Settings,
  said: readonly Message[],
  question: string,
): ChatRequest {
  const { model, system, temperature, max_tokens } = settings;
  return {
    model,
    messages: [
      ...(system.trim() ? [{ role: "system", content: system } as const] : []),
      ...said,
      { role: "user", content: question },
    ],
    temperature,
    ...(max_tokens !== null && { max_tokens }),
    stream: true,
    stream_options: { include_usage: true },
  };
}

/** KEY as it stands in the command: a key, or `$HYPERVIZE_API_KEY`. */
export function curlLine(origin: string, key: string, body: unknown): string {
  return [
    `curl ${origin}/v1/chat/completions`,
    `  -H "Authorization: Bearer ${key}"`,
    `  -H "Content-Type: application/json"`,
    `  -d ${quoted(json(body))}`,
  ].join(" \\\n");
}

const line_max = 96;

function json(body: unknown): string {
  const line = JSON.stringify(body);
  return line.length <= line_max ? line : JSON.stringify(body, null, 2);
}

/** Single quotes keep everything in a POSIX shell but themselves. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
