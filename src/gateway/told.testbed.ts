/** For tests: what a client makes of an answer in each of the protocols. */

export type Json = Record<string, unknown>;

export const protocols = ["chat", "messages", "responses"] as const;
export type Protocol = (typeof protocols)[number];

export interface Called {
  id: string;
  name: string;
  input: unknown;
}

/** What a client was told. */
export interface Told {
  status: number;
  text: string;
  calls: Called[];
  /** Why it ended, in the words of its protocol; null when it did not. */
  end: unknown;
  /** In the form of its protocol, where that wants it. */
  failed: boolean;
}

const messages = (content: string) => [{ role: "user", content }];

/** How each protocol asks for the slip of NAME. */
export const asking: Readonly<Record<Protocol, (name: string) => { path: string; body: Json }>> = {
  chat: (name) => ({ path: "/v1/chat/completions", body: { messages: messages(name) } }),
  messages: (name) => ({ path: "/v1/messages", body: { messages: messages(name), max_tokens: 9 } }),
  responses: (name) => ({ path: "/v1/responses", body: { input: name } }),
};

export async function told(protocol: Protocol, response: Response): Promise<Told> {
  const { status } = response;
  const text = await response.text();
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  if (!isStream) {
    const whole = JSON.parse(text) as Json;
    const nothing = { status, text: "", calls: [], end: null, failed: true };
    return "error" in whole && whole["error"] !== null
      ? nothing
      : { status, ...readers[protocol](whole), failed: false };
  }
  return { status, ...streamed[protocol](text) };
}

type Said = Pick<Told, "text" | "calls" | "end">;

const readers: Readonly<Record<Protocol, (whole: Json) => Said>> = {
  chat({ choices }) {
    const [{ message, finish_reason }] = choices as [Json];
    const { content, tool_calls } = message as Json;
    return {
      text: String(content ?? ""),
      calls: ((tool_calls ?? []) as Json[]).map(({ id, function: made }) => calledBy(id, made)),
      end: finish_reason,
    };
  },
  messages({ content, stop_reason }) {
    const blocks = content as Json[];
    return {
      text: blocks.map(({ text }) => text ?? "").join(""),
      calls: blocks
        .filter(({ type }) => type === "tool_use")
        .map(({ id, name, input }) => ({ id: String(id), name: String(name), input })),
      end: stop_reason,
    };
  },
  responses({ output, status }) {
    const items = output as Json[];
    return {
      text: items.map(({ content }) => textIn(content)).join(""),
      calls: items
        .filter(({ type }) => type === "function_call")
        .map((item) => calledBy(item["call_id"], item)),
      end: status,
    };
  },
};

const textIn = (content: unknown): string =>
  ((content ?? []) as Json[])
    .map(({ type, text }) => (type === "output_text" ? text : ""))
    .join("");

const calledBy = (id: unknown, made: unknown): Called => {
  const { name, arguments: text } = made as Json;
  return { id: String(id), name: String(name), input: JSON.parse(String(text)) };
};

/** The events of a stream with their names; the last may be `[DONE]`. */
function eventsIn(text: string): { name: string; data: string }[] {
  const frames = text
    .replaceAll("\r\n", "\n")
    .replaceAll(/^:.*\n/gm, "")
    .split("\n\n")
    .slice(0, -1);
  return frames
    .map((one) => one.trimStart())
    .filter((one) => one !== "")
    .map((one) => {
      const [, name = "", data = ""] =
        /^(?:event: (.*)\n)?data: ?(.*(?:\ndata: )?)$/.exec(one) ?? [];
      return { name, data: data.replace("\ndata: ", "\n") };
    });
}

const jsonIn = (text: string): Json[] =>
  eventsIn(text)
    .filter(({ data }) => data !== "[DONE]")
    .map(({ data }) => JSON.parse(data) as Json);

/** As openai-node and LangChain do: by the index, and all strings of a call are joined. */
function joined(pieces: readonly Json[]): Called[] {
  const calls: { id: string; name: string; arguments: string }[] = [];
  for (const { index, id, function: made } of pieces) {
    const at = index as number;
    const call = calls[at] ?? { id: "", name: "", arguments: "" };
    const { name, arguments: text } = made as Json;
    calls[at] = {
      id: `${call.id}${id ?? ""}`,
      name: `${call.name}${name ?? ""}`,
      arguments: `${call.arguments}${text}`,
    };
  }
  return calls.map((call) => calledBy(call.id, call));
}

const streamed: Readonly<Record<Protocol, (text: string) => Omit<Told, "status">>> = {
  chat(text) {
    if (eventsIn(text).at(-1)?.data !== "[DONE]")
      throw new Error("A chat's stream ends with [DONE].");
    const chunks = jsonIn(text);
    const failed = chunks.some(({ error }) => error !== undefined);
    const choices = chunks.flatMap((chunk) => (chunk["choices"] ?? []) as Json[]);
    const finishes = choices.map(({ finish_reason }) => finish_reason ?? null);
    if (finishes.includes("")) throw new Error("An empty finish_reason is none.");
    const deltas = choices.map(({ delta }) => delta as Json);
    const calls = failed
      ? []
      : joined(deltas.flatMap(({ tool_calls }) => (tool_calls ?? []) as Json[]));
    const said = deltas.map(({ content }) => content ?? "").join("");
    return { text: said, calls, end: finishes.find((finish) => finish !== null) ?? null, failed };
  },
  messages(text) {
    const blocks: Json[] = [];
    let end: unknown = null;
    const failed = eventsIn(text).at(-1)?.name === "error";
    for (const { type, content_block, delta } of jsonIn(text)) {
      const { text: words = "", partial_json = "", stop_reason } = (delta ?? {}) as Json;
      if (type === "content_block_start") blocks.push({ ...(content_block as Json), json: "" });
      const block = blocks.at(-1) ?? {};
      if (type === "content_block_delta" && block["type"] === "text")
        block["text"] += String(words);
      if (type === "content_block_delta") block["json"] += String(partial_json);
      if (type === "message_delta") end = stop_reason;
    }
    const content = blocks.map(({ json, ...block }) =>
      block["type"] === "tool_use" && !failed
        ? { ...block, input: JSON.parse(String(json) || "{}") }
        : block,
    );
    return { ...(readers.messages({ content, stop_reason: end }) as Said), failed };
  },
  responses(text) {
    const { name, data } = eventsIn(text).at(-1) ?? { name: "", data: "" };
    const failed = name === "response.failed";
    const { response } = JSON.parse(data) as { response: Json };
    const deltas = jsonIn(text).map(({ type, delta }) =>
      type === "response.output_text.delta" ? delta : "",
    );
    const end = failed ? null : response["status"];
    const calls = failed ? [] : readers.responses(response).calls;
    return { text: deltas.join(""), calls, end, failed };
  },
};
