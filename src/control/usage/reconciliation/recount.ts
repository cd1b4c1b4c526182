/**
 * Exact prompt counts for requests that ended before their runtime said any: its own tokenizer is
 * asked, on the path that the prompt takes through it.
 */

export interface TokenCounts {
  prompt_tokens: number;
  completion_tokens: number;
  cached_tokens: number;
}

export interface BrokenOff {
  runtime: "llama-server" | "vllm" | "sglang" | "provider";
  /** The runtime's path that was asked, such as `/v1/chat/completions`. */
  path: string;
  /** What it was asked, as it was sent: JSON. */
  text: string;
  /** Frames with content that passed. */
  frames: number;
}

/** POSTs BODY as JSON to the replica and returns what came as JSON. Rejects unless it is a 200. */
export type AskRuntime = (path: string, body: unknown, signal: AbortSignal) => Promise<unknown>;

type Body = Readonly<Record<string, unknown>>;
type Tell = (path: string, body: unknown) => Promise<Body>;

const patience_ms = 1000;
/** Tokenizers make some 3 MB of text a second, on a core that the runtime could use itself. */
const characters_max = 1024 * 1024;
const prompts_max = 16;

/**
 * Null when it cannot be known: the runtime has no tokenizer to ask, did not answer within a second,
 * or the request is larger than 1 MB or holds pictures or sound.
 *
 * `prompt_tokens` is what the runtime itself would have said. `completion_tokens` is FRAMES, and no
 * less was generated: llama-server holds tokens back until they make whole characters, and merges
 * those of a tool call. What it took from its cache is not known, so `cached_tokens` is 0.
 */
export async function recount(ask: AskRuntime, request: BrokenOff): Promise<TokenCounts | null> {
  if (request.text.length > characters_max) return null;
  const signal = AbortSignal.timeout(patience_ms);
  const late = new Promise<null>((resolve) => {
    signal.addEventListener("abort", () => resolve(null), { once: true });
  });
  try {
    const counted = promptTokens(request, async (path, body) =>
      objectOf(await ask(path, body, signal)),
    );
    const prompt_tokens = await Promise.race([counted, late]);
    if (prompt_tokens === null) return null;
    return { prompt_tokens, completion_tokens: request.frames, cached_tokens: 0 };
  } catch {
    // Runtimes quote the prompt in their errors, so nothing of this may be passed on.
    return null;
  }
}

async function promptTokens({ runtime, path, text }: BrokenOff, tell: Tell) {
  const body = objectOf(JSON.parse(text));
  if (path === "/v1/chat/completions" && isAllText(body["messages"])) {
    if (runtime === "llama-server") return await llamaChat(body, tell);
    if (runtime === "vllm") return await vllmCount(body, chatFields, tell);
  }
  if (path === "/v1/messages" && runtime === "llama-server" && isAllText(body["messages"])) {
    return countOf((await tell("/v1/messages/count_tokens", body))["input_tokens"]);
  }
  if (path === "/v1/completions") {
    if (runtime === "llama-server") {
      return await sumOverPrompts(body["prompt"], (prompt) => llamaText(prompt, tell));
    }
    if (runtime === "vllm") {
      return await sumOverPrompts(body["prompt"], (prompt) =>
        vllmCount({ ...body, prompt }, completionFields, tell),
      );
    }
  }
  return null;
}

/** The template sees the whole body: tools, `response_format` and template arguments change the prompt. */
async function llamaChat(body: Body, tell: Tell): Promise<number | null> {
  const { prompt } = await tell("/apply-template", body);
  return typeof prompt === "string" ? await llamaText(prompt, tell) : null;
}

/** With the flags that its own `/v1` routes use; without parse_special `<|im_start|>` is 6 tokens. */
async function llamaText(content: string, tell: Tell): Promise<number | null> {
  const { tokens } = await tell("/tokenize", { content, add_special: true, parse_special: true });
  return Array.isArray(tokens) ? tokens.length : null;
}

/** What vLLM's tokenize requests share with its generating ones, with the same defaults (v0.16, tokenize/protocol.py). */
const chatFields = [
  ...["model", "messages", "tools", "chat_template", "chat_template_kwargs"],
  ...["add_generation_prompt", "continue_final_message", "add_special_tokens"],
];
const completionFields = ["model", "prompt", "add_special_tokens"];

async function vllmCount(body: Body, fields: readonly string[], tell: Tell) {
  const shared = fields.filter((field) => body[field] !== undefined && body[field] !== null);
  const asked = Object.fromEntries(shared.map((field) => [field, body[field]]));
  return countOf((await tell("/tokenize", asked))["count"]);
}

/** A prompt is text, tokens, or a list of such; null for anything else. */
async function sumOverPrompts(
  prompt: unknown,
  count: (text: string) => Promise<number | null>,
): Promise<number | null> {
  if (isTokens(prompt)) return prompt.length;
  const prompts = Array.isArray(prompt) ? prompt : [prompt];
  if (prompts.length > prompts_max) return null;
  let sum = 0;
  for (const each of prompts) {
    const tokens = isTokens(each) ? each.length : typeof each === "string" && (await count(each));
    if (typeof tokens !== "number") return null;
    sum += tokens;
  }
  return sum;
}

const isTokens = (prompt: unknown): prompt is number[] =>
  Array.isArray(prompt) && prompt.length > 0 && prompt.every(Number.isSafeInteger);

/** Pictures and sound become tokens in ways that no tokenizer route tells. */
function isAllText(messages: unknown): boolean {
  if (!Array.isArray(messages)) return false;
  const parts = messages.map((message) => objectOf(message)["content"]);
  return parts.filter(Array.isArray).flat().every(isHarmless);
}

const media = /image|audio|video|file|document/;
const isHarmless = (part: unknown): boolean => !media.test(String(objectOf(part)["type"]));

const countOf = (value: unknown): number | null =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;

const objectOf = (value: unknown): Body =>
  typeof value === "object" && value !== null ? (value as Body) : {};
