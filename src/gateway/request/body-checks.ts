/** What the body of each kind of request must have. Throws 400 that names the field and quotes nothing. */
import { badRequest } from "../../shared/failure.ts";
import { checkMessages as checkMessagesBody } from "../protocols/messages/check.ts";
import { check as checkResponses } from "../protocols/responses/check.ts";
import type { Kind } from "./allow-list.ts";

type Body = Readonly<Record<string, unknown>>;

export function checkBody(kind: Kind, body: Body): void {
  checks[kind]?.(body);
}

const checks: Readonly<Partial<Record<Kind, (body: Body) => void>>> = {
  "chat/completions": ({ messages }) => checkMessages(messages),
  completions: ({ prompt }) => checkTexts(prompt, "prompt"),
  embeddings: ({ input, encoding_format }) => {
    checkTexts(input, "input");
    if (![undefined, null, "float", "base64"].includes(encoding_format as string)) {
      throw badRequest('`encoding_format` must be "float" or "base64".', "encoding_format");
    }
  },
  rerank({ query, documents }) {
    if (typeof query !== "string" || query === "") {
      throw badRequest("`query` must be a non-empty string.", "query");
    }
    if (!Array.isArray(documents) || documents.length === 0) {
      throw badRequest("`documents` must be an array that is not empty.", "documents");
    }
  },
  messages: checkMessagesBody,
  responses: checkResponses,
  "audio/speech": ({ input }) => checkText(input, "input"),
  "images/generations": ({ prompt }) => checkText(prompt, "prompt"),
};

function checkMessages(messages: unknown): void {
  if (!Array.isArray(messages) || messages.length === 0) {
    throw badRequest("`messages` must be an array with at least one message.", "messages");
  }
  if (!messages.every(isMessage)) throw badRequest("Every message must be an object.", "messages");
}

const isMessage = (message: unknown): boolean =>
  typeof message === "object" && message !== null && !Array.isArray(message);

function checkTexts(value: unknown, param: string): void {
  if (typeof value === "string") return;
  if (Array.isArray(value) && value.length > 0) return;
  throw badRequest(`\`${param}\` must be a string or an array that is not empty.`, param);
}

function checkText(value: unknown, param: string): void {
  if (typeof value === "string" && value !== "") return;
  throw badRequest(`\`${param}\` must be a non-empty string.`, param);
}
