/** How one replica is asked what a client asks, and how its answer is read. */
import type { Kind } from "./allow-list.ts";
import type { Ask } from "./ask.ts";
import type { StreamTap } from "./dialect.ts";
import { withEncoding } from "./embeddings.ts";
import { fromChat as messagesFromChat } from "./messages-api/from-chat.ts";
import { MessagesFromChat } from "./messages-api/stream.ts";
import { toChat as messagesToChat } from "./messages-api/to-chat.ts";
import { outgoingBody } from "./outgoing.ts";
import type { Replica } from "./ports.ts";
import * as responses from "./responses-api/from-chat.ts";
import { ResponsesFromChat } from "./responses-api/stream.ts";
import { ResponsesTap } from "./responses-api/tap.ts";
import { toChat as responsesToChat } from "./responses-api/to-chat.ts";
import { Tap } from "./tap.ts";
import { type Tokens, tokensOf } from "./tokens.ts";

type Json = Record<string, unknown>;

export interface Way {
  /** Path on the runtime. */
  path: string;
  body(ask: Ask, servedModel: string): string | Uint8Array;
  /** What a whole answer says of its tokens; null when it says nothing. */
  tokensOf(answer: Json): Tokens | null;
  /** A whole answer in the client's protocol; the same object where nothing has to change. */
  translate(answer: Json, ask: Ask): Json;
  tap(ask: Ask): StreamTap;
}

/** The runtime knows the route: bytes pass through. */
const through = (kind: Kind, more: Partial<Way> = {}): Way => ({
  path: `/v1/${kind}`,
  body: (ask, model) => ask.form?.withModel(model) ?? outgoingBody(ask, model),
  tokensOf: (answer) => tokensOf(answer["usage"]),
  translate: (answer) => answer,
  tap: (ask) => new Tap(ask.includeUsage),
  ...more,
});

/** The runtime knows chats alone: it is asked for one, and its answer is written anew. */
const byChat = (
  toChat: (body: Ask["body"]) => Json,
  { translate, tap }: Pick<Way, "translate" | "tap">,
): Way => ({
  ...through("chat/completions"),
  body(ask, model) {
    const asked = ask.stream ? { stream_options: { include_usage: true } } : {};
    return JSON.stringify({ ...toChat(ask.body), ...asked, model });
  },
  ...{ translate, tap },
});

const passed: Readonly<Record<Exclude<Kind, "messages">, Way>> = {
  "chat/completions": through("chat/completions"),
  completions: through("completions"),
  embeddings: through("embeddings", { translate: withEncoding }),
  rerank: through("rerank"),
  responses: through("responses", {
    tokensOf: (answer) => responses.tokensOfResponse(answer["usage"]),
    tap: () => new ResponsesTap(),
  }),
  "audio/transcriptions": through("audio/transcriptions"),
  "audio/speech": through("audio/speech"),
  "images/generations": through("images/generations"),
};

const byMessages = byChat(messagesToChat, {
  translate: messagesFromChat,
  tap: (ask) => new MessagesFromChat(ask.model),
});

const byResponses = byChat(responsesToChat, {
  translate: (answer, ask) => responses.fromChat(answer, ask.body),
  tap: ({ model, body }) =>
    new ResponsesFromChat({ model, body, created_at: Math.floor(Date.now() / 1000) }),
});

/**
 * REPLICA: null where none is known yet; the client's side of the way is the same with all of them.
 *
 * Two routes are answered by chats, though runtimes have them. llama-server (b11669) puts the text of a
 * message before the tool results in front of it, does not heed `tool_choice`, and calls a stop sequence the end
 * of the turn; vLLM counts cached tokens twice and drops system messages behind the first; and the events of
 * llama-server's /v1/responses lack `output_index` and `sequence_number`. vLLM's are whole.
 */
export function wayTo(replica: Pick<Replica, "runtime"> | null, kind: Kind): Way {
  if (kind === "messages") return byMessages;
  return kind === "responses" && replica?.runtime !== "vllm" ? byResponses : passed[kind];
}
