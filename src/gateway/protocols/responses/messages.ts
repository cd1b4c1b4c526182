/** The items of a Responses request as the messages of a chat. */
import { badRequest } from "../../../shared/failure.ts";
import { isObject } from "../../request/json.ts";
import { type Content, chatContent, textAt } from "./content.ts";

type Item = Readonly<Record<string, unknown>>;

interface ToolCall {
  id: string;
  type: "function";
  function: { name: string; arguments: string };
}

export interface Message {
  role: "system" | "user" | "assistant" | "tool";
  content: Content | null;
  reasoning_content?: string;
  tool_calls?: ToolCall[];
  tool_call_id?: string;
}

/** Throws 400 for items that no chat can carry. */
export function chatMessages(instructions: unknown, input: unknown): Message[] {
  const transcript = new Transcript();
  if (typeof instructions === "string") transcript.add("system", instructions);
  if (typeof input === "string") transcript.add("user", input);
  if (Array.isArray(input)) {
    for (const [index, item] of input.entries()) {
      if (isObject(item)) addItem(transcript, item, `input[${index}]`);
    }
  }
  return transcript.messages;
}

function addItem(transcript: Transcript, item: Item, param: string): void {
  switch (item["type"] ?? "message") {
    case "message":
      transcript.add(roleOf(item["role"], param), chatContent(item["content"], `${param}.content`));
      return;
    case "reasoning":
      transcript.think(thoughtOf(item));
      return;
    case "function_call":
      transcript.call({
        id: textAt(item, "call_id", param),
        type: "function",
        function: {
          name: textAt(item, "name", param),
          arguments: textAt(item, "arguments", param),
        },
      });
      return;
    case "function_call_output": {
      const content = chatContent(item["output"], `${param}.output`);
      transcript.result(textAt(item, "call_id", param), content);
      return;
    }
    default:
      throw badRequest(
        `\`${param}.type\` must be message, reasoning, function_call or function_call_output.`,
        `${param}.type`,
        "unsupported_value",
      );
  }
}

/** Hardly any chat template knows "developer"; it means what "system" meant before (OpenAI Model Spec). */
function roleOf(role: unknown, param: string): "system" | "user" | "assistant" {
  if (role === "developer" || role === "system") return "system";
  if (role === "user" || role === "assistant") return role;
  throw badRequest(
    `\`${param}.role\` must be user, assistant, system or developer.`,
    `${param}.role`,
  );
}

/** What a reasoning item says in the open; what is encrypted only its maker can read. */
function thoughtOf(item: Item): string {
  const parts = [item["content"], item["summary"]].find(
    (value) => Array.isArray(value) && value.length > 0,
  );
  if (!Array.isArray(parts)) return "";
  const texts = parts.filter(isObject).map((part) => part["text"]);
  return texts.filter((text) => typeof text === "string").join("\n");
}

/**
 * A Response lists thoughts, words and calls of one turn as items of their own; a chat has one message
 * for them all, and most templates fail when two messages of the assistant stand next to each other.
 */
class Transcript {
  readonly messages: Message[] = [];
  #thought = "";

  add(role: "system" | "user" | "assistant", content: Content): void {
    if (role === "assistant") this.#say(content);
    else if (role !== "system" || !this.#extendSystem(content)) this.#push({ role, content });
  }

  think(thought: string): void {
    this.#thought = [this.#thought, thought].filter(Boolean).join("\n");
  }

  call(call: ToolCall): void {
    const last = this.messages.at(-1);
    const message = last?.role === "assistant" ? last : this.#pushAssistant(null);
    message.tool_calls = [...(message.tool_calls ?? []), call];
  }

  result(callId: string, content: Content): void {
    this.#push({ role: "tool", content, tool_call_id: callId });
  }

  #say(content: Content): void {
    const last = this.messages.at(-1);
    if (last?.role === "assistant" && last.content === null) last.content = content;
    else this.#pushAssistant(content);
  }

  /** Many templates take a system message only at the very beginning, and only one. */
  #extendSystem(content: Content): boolean {
    const [first, second] = this.messages;
    if (!first || second || first.role !== "system") return false;
    if (typeof first.content !== "string" || typeof content !== "string") return false;
    first.content = `${first.content}\n\n${content}`;
    return true;
  }

  #pushAssistant(content: Content | null): Message {
    const thought = this.#thought === "" ? {} : { reasoning_content: this.#thought };
    const message: Message = { role: "assistant", content, ...thought };
    this.#push(message);
    return message;
  }

  /** A thought that nothing of the assistant's follows belongs to no message, and is dropped. */
  #push(message: Message): void {
    this.#thought = "";
    this.messages.push(message);
  }
}
