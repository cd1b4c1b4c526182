/** How runtimes are asked what clients ask, and how their answers are read. */

import type { Replica } from "../ports.ts";
import { outgoingBody } from "../proxy/outgoing.ts";
import { Tap } from "../proxy/tap.ts";
import type { Kind } from "../request/allow-list.ts";
import type { ParsedRequest } from "../request/parsed-request.ts";
import { withEncoding } from "./embeddings.ts";
import { fromChat as messagesFromChat } from "./messages/from-chat.ts";
import { MessagesFromChat } from "./messages/stream.ts";
import { toChat as messagesToChat } from "./messages/to-chat.ts";
import { ResponsesFromChat } from "./responses/chat-stream.ts";
import { fromChat as responsesFromChat } from "./responses/from-chat.ts";
import { toChat as responsesToChat } from "./responses/to-chat.ts";
import type { StreamTap } from "./stream-tap.ts";

type Json = Record<string, unknown>;

/** Of a replica, what changes the body. */
type Asked = Pick<Replica, "model" | "provider">;

export interface ProtocolAdapter {
  /** Path on the runtime. */
  path: string;
  body(ask: ParsedRequest, replica: Asked): string | Uint8Array;
  /** A whole answer in the client's protocol; the same object where nothing has to change. */
  translate(answer: Json, ask: ParsedRequest): Json;
  tap(ask: ParsedRequest): StreamTap;
}

/** The runtime knows the route: bytes pass through. */
const through = (kind: Kind, more: Partial<ProtocolAdapter> = {}): ProtocolAdapter => ({
  path: `/v1/${kind}`,
  body: (ask, { model, provider }) =>
    ask.form?.withModel(model) ?? outgoingBody(ask, model, provider !== undefined),
  translate: (answer) => answer,
  tap: (ask) => new Tap(ask.includeUsage, hasMany(ask)),
  ...more,
});

/** Several answers in one stream: it is whole when each of them is. */
const hasMany = ({ body: { n, prompt } }: ParsedRequest): boolean =>
  (typeof n === "number" && n > 1) || (Array.isArray(prompt) && prompt.length > 1);

/** The runtime is asked for a chat, and its answer is written anew. */
const byChat = (
  toChat: (body: ParsedRequest["body"]) => Json,
  { translate, tap }: Pick<ProtocolAdapter, "translate" | "tap">,
): ProtocolAdapter => ({
  ...through("chat/completions"),
  body(ask, { model }) {
    const asked = ask.stream ? { stream_options: { include_usage: true } } : {};
    return JSON.stringify({ ...toChat(ask.body), ...asked, model });
  },
  translate,
  tap,
});

/**
 * Two routes are answered by chats, though most runtimes have them. llama-server (b11669) puts the text of a
 * message before the tool results in front of it, does not heed `tool_choice`, calls a stop sequence the end of
 * the turn, and its responses lack `output_index`, `sequence_number` and `incomplete`. vLLM counts cached tokens
 * twice, drops system messages behind the first, and sends events that openai-node's stream helper throws on.
 */
const adapters: Readonly<Record<Kind, ProtocolAdapter>> = {
  "chat/completions": through("chat/completions"),
  completions: through("completions"),
  embeddings: through("embeddings", { translate: withEncoding }),
  rerank: through("rerank"),
  responses: byChat(responsesToChat, {
    translate: (answer, { body }) => responsesFromChat(answer, body, Date.now()),
    tap: ({ body }) => new ResponsesFromChat(body, Date.now),
  }),
  messages: byChat(messagesToChat, {
    translate: messagesFromChat,
    tap: ({ model }) => new MessagesFromChat(model),
  }),
  "audio/transcriptions": through("audio/transcriptions"),
  "audio/speech": through("audio/speech"),
  "images/generations": through("images/generations"),
};

export const adapterFor = (kind: Kind): ProtocolAdapter => adapters[kind];
