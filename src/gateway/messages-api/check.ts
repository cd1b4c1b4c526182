import { badRequest } from "../../failure.ts";

/** What a request for a message must have. Throws 400 that names the field and quotes nothing. */
export function checkMessages({ messages, max_tokens }: Readonly<Record<string, unknown>>): void {
  if (!Array.isArray(messages) || messages.length === 0) {
    throw badRequest("`messages` must be an array with at least one message.", "messages");
  }
  for (const message of messages) checkMessage(message);
  if (!Number.isInteger(max_tokens) || Number(max_tokens) < 1) {
    throw badRequest("`max_tokens` must be a whole number from 1 on.", "max_tokens");
  }
}

function checkMessage(message: unknown): void {
  const { role, content } = (message ?? {}) as Record<string, unknown>;
  if (role !== "user" && role !== "assistant" && role !== "system") {
    throw badRequest("The role of every message must be user or assistant.", "messages");
  }
  if (typeof content !== "string" && !Array.isArray(content)) {
    throw badRequest("The content of every message must be text or a list of blocks.", "messages");
  }
}
