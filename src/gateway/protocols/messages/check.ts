/** What a request for a message must have. Throws 400 that names the field and quotes nothing of it. */
import { badRequest } from "../../../shared/failure.ts";
import { isObject } from "../../request/json.ts";
import { refuseThread } from "./thread.ts";

type Body = Readonly<Record<string, unknown>>;

export function checkMessages(body: Body): void {
  refuseThread(body);
  const { messages, max_tokens, system, stop_sequences } = body;
  if (!Array.isArray(messages) || messages.length === 0) {
    throw badRequest("`messages` must be an array with at least one message.", "messages");
  }
  if (!Number.isSafeInteger(max_tokens) || Number(max_tokens) < 1) {
    throw badRequest("`max_tokens` must be a whole number from 1 on.", "max_tokens");
  }
  if (isSet(system)) checkContent(system, "system", texts);
  messages.forEach(checkMessage);
  if (isSet(stop_sequences) && !(Array.isArray(stop_sequences) && stop_sequences.every(isText))) {
    throw badRequest("`stop_sequences` must be an array of strings.", "stop_sequences");
  }
  checkTools(body);
}

const isSet = (value: unknown): boolean => value !== undefined && value !== null;
const isText = (value: unknown): value is string => typeof value === "string";

/** The fields that a block of each type must have as strings. */
type Blocks = Readonly<Record<string, readonly string[]>>;

const texts: Blocks = { text: ["text"] };
const results: Blocks = { ...texts, image: [] };
const ofRole: Readonly<Record<string, Blocks>> = {
  system: texts,
  user: { ...results, tool_result: ["tool_use_id"] },
  assistant: { ...texts, tool_use: ["id", "name"], thinking: ["thinking"], redacted_thinking: [] },
};

function checkMessage(message: unknown, index: number): void {
  const at = `messages.${index}`;
  const role = isObject(message) && isText(message["role"]) ? message["role"] : "";
  const blocks = Object.hasOwn(ofRole, role) ? ofRole[role] : undefined;
  if (!blocks) {
    throw badRequest(`\`${at}.role\` must be "user", "assistant" or "system".`, `${at}.role`);
  }
  checkContent(isObject(message) ? message["content"] : undefined, `${at}.content`, blocks);
}

function checkContent(content: unknown, at: string, allowed: Blocks): void {
  if (isText(content)) return;
  if (!Array.isArray(content)) {
    throw badRequest(`\`${at}\` must be a string or an array of content blocks.`, at);
  }
  content.forEach((block: unknown, index) => {
    checkBlock(block, `${at}.${index}`, allowed);
  });
}

/**
 * A block that no chat can carry (documents, the results of Anthropic's own tools) is refused: without it
 * the model would answer as if it had never been sent.
 */
function checkBlock(block: unknown, at: string, allowed: Blocks): void {
  const type = isObject(block) && isText(block["type"]) ? block["type"] : "";
  const fields = Object.hasOwn(allowed, type) ? allowed[type] : undefined;
  if (!fields || !isObject(block)) {
    const known = Object.keys(allowed).join(", ");
    throw badRequest(`\`${at}.type\` must be one of: ${known}.`, `${at}.type`);
  }
  for (const field of fields) {
    if (isText(block[field])) continue;
    throw badRequest(`\`${at}.${field}\` must be a string.`, `${at}.${field}`);
  }
  if (type === "image") checkImage(block["source"], `${at}.source`);
  if (type === "tool_result" && isSet(block["content"])) {
    checkContent(block["content"], `${at}.content`, results);
  }
}

function checkImage(source: unknown, at: string): void {
  const { type, media_type, data, url } = isObject(source) ? source : {};
  if (type === "url" && isText(url)) return;
  if (type === "base64" && isText(media_type) && isText(data)) return;
  throw badRequest(`\`${at}\` must be of type "base64" (media_type, data) or "url" (url).`, at);
}

function checkTools({ tools, tool_choice }: Body): void {
  if (isSet(tools) && !Array.isArray(tools)) throw badRequest("`tools` must be an array.", "tools");
  if (Array.isArray(tools)) tools.forEach(checkTool);
  if (!isSet(tool_choice)) return;
  const { type, name } = isObject(tool_choice) ? tool_choice : {};
  if (!isText(type) || !["auto", "any", "tool", "none"].includes(type)) {
    const message = '`tool_choice.type` must be "auto", "any", "tool" or "none".';
    throw badRequest(message, "tool_choice.type");
  }
  if (type === "tool" && !isText(name)) {
    throw badRequest("`tool_choice.name` must name one of the tools.", "tool_choice.name");
  }
}

/** Tools that Anthropic defines (web_search and others) have a dated type, and no schema of their own. */
function checkTool(tool: unknown, index: number): void {
  const at = `tools.${index}`;
  const { type, name, input_schema } = isObject(tool) ? tool : {};
  if (isSet(type) && type !== "custom") {
    const message = `\`${at}.type\` must be "custom": tools that run at Anthropic do not exist here.`;
    throw badRequest(message, `${at}.type`);
  }
  if (!isText(name) || name === "") {
    throw badRequest(`\`${at}.name\` must be a non-empty string.`, `${at}.name`);
  }
  if (!isObject(input_schema)) {
    throw badRequest(`\`${at}.input_schema\` must be a JSON schema.`, `${at}.input_schema`);
  }
}
