/** An honest program in the place of a runtime: it speaks chats, and fails as the prompt asks it to. */
import {
  type Answering,
  type ScriptedServer,
  scriptedServer,
} from "../../gateway/upstream/scripted-server.ts";

/** What the last message of a request may say. */
export type Prompt = "hello" | "breaks" | "resets" | "ends early" | "never ends";

export interface Runtime extends ScriptedServer {
  /** Resolves when the client of the next request that never ends has gone. */
  left(): Promise<void>;
}

interface Message {
  role: string;
  content: unknown;
}

interface Asked {
  model: string;
  messages: Message[];
  stream?: boolean;
  tools?: unknown[];
  response_format?: unknown;
}

const words = ["Hello", " there", "."];
export const said = words.join("");
const structured = '{"answer":42}';
const weatherCall = { name: "weather", arguments: '{"city":"Paris"}' };
export const afterTool = "It is sunny.";
const usage = {
  prompt_tokens: 9,
  completion_tokens: 3,
  total_tokens: 12,
  prompt_tokens_details: { cached_tokens: 4 },
};

export function startRuntime(): Runtime {
  let left = Promise.withResolvers<void>();
  const server = scriptedServer(async ({ body }, answer) => {
    const asked: Asked = JSON.parse(body);
    const prompt = textOf(asked.messages.at(-1)?.content);
    if (asked.stream) await stream(asked, prompt, answer, () => left.resolve());
    else answer.json(200, whole(asked));
  });
  return {
    ...server,
    left() {
      left = Promise.withResolvers<void>();
      return left.promise;
    },
  };
}

const head = (model: string, object: string) => ({
  id: "chatcmpl-1",
  object,
  created: 1_700_000_000,
  model,
});

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return Array.isArray(content) ? content.map((part) => part.text ?? "").join("") : "";
}

/** What there is to say: a call of the tool first, where there is one and it was not asked yet. */
function reply({ messages, tools, response_format }: Asked) {
  const isAnswered = messages.some(({ role }) => role === "tool");
  if (tools?.length && !isAnswered) return { calls: true, text: [] };
  if (isAnswered) return { calls: false, text: [afterTool] };
  return { calls: false, text: response_format ? [structured] : words };
}

function whole(asked: Asked) {
  const { calls, text } = reply(asked);
  const call = { id: "call_1", type: "function", function: weatherCall };
  const message = {
    role: "assistant",
    content: calls ? null : text.join(""),
    refusal: null,
    ...(calls && { tool_calls: [call] }),
  };
  const finish_reason = calls ? "tool_calls" : "stop";
  const choices = [{ index: 0, message, logprobs: null, finish_reason }];
  return { ...head(asked.model, "chat.completion"), choices, usage };
}

async function stream(asked: Asked, prompt: string, answer: Answering, left: () => void) {
  const chunk = (delta: object, finish_reason: string | null = null) => {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason }];
    const value = { ...head(asked.model, "chat.completion.chunk"), choices };
    answer.chunk(`data: ${JSON.stringify(value)}\n\n`);
  };
  const { calls, text } = reply(asked);
  answer.startStream();
  chunk({ role: "assistant", content: calls ? null : "" });
  if (calls) {
    const { name, arguments: args } = weatherCall;
    const made = { name, arguments: "" };
    chunk({ tool_calls: [{ index: 0, id: "call_1", type: "function", function: made }] });
    chunk({ tool_calls: [{ index: 0, function: { arguments: args } }] });
  }
  for (const content of text) chunk({ content });
  if (prompt === "never ends") return void answer.gone.then(left);
  if (prompt === "breaks") {
    answer.chunk('data: {"error":{"message":"canary","type":"BadRequestError","code":400}}\n\n');
    return answer.finish();
  }
  if (prompt === "resets") return setTimeout(() => answer.reset(), 20);
  if (prompt === "ends early") return answer.finish();
  chunk({}, calls ? "tool_calls" : "stop");
  const value = { ...head(asked.model, "chat.completion.chunk"), choices: [], usage };
  answer.chunk(`data: ${JSON.stringify(value)}\n\ndata: [DONE]\n\n`);
  return answer.finish();
}
