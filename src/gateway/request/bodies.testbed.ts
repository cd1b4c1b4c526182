/** For tests: bodies in the shape of the OpenAI API, and what clients make of them. */
import type { Dice } from "../../shared/http1/seeded.testbed.ts";
import type { Kind } from "./allow-list.ts";

/** In every text of a body: nothing that is answered to a bad one may hold it. */
export const canary = "canary-in-the-mine";

const many = 100_000;
const image = { type: "image_url", image_url: { url: `data:image/png;base64,${canary}` } };
const tool = {
  type: "function",
  function: { name: canary, parameters: { type: "object", properties: { [canary]: {} } } },
};
const sampling = {
  temperature: 0.5,
  top_p: 1,
  max_tokens: 5,
  seed: 1,
  user: canary,
  stop: [canary],
  metadata: { [canary]: canary },
  prompt_cache_key: canary,
};

const templates: Readonly<Record<Exclude<Kind, "audio/transcriptions">, object>> = {
  "chat/completions": {
    model: "demo",
    messages: [
      { role: "system", content: canary },
      { role: "user", content: [{ type: "text", text: canary }, image] },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "1", type: "function", function: { name: canary, arguments: "{}" } }],
      },
      { role: "tool", tool_call_id: "1", content: canary },
    ],
    tools: [tool],
    tool_choice: "auto",
    response_format: { type: "json_schema", json_schema: { name: canary, schema: {} } },
    stream: true,
    stream_options: { include_usage: true },
    ...sampling,
  },
  completions: { model: "demo", prompt: [canary, canary], stream: false, ...sampling },
  embeddings: { model: "demo", input: [canary], encoding_format: "base64", dimensions: 8 },
  rerank: { model: "demo", query: canary, documents: [canary, { text: canary }], top_n: 1 },
  responses: {
    model: "demo",
    instructions: canary,
    input: [
      { role: "user", content: [{ type: "input_text", text: canary }] },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: canary }] },
      { type: "function_call", call_id: "1", name: canary, arguments: "{}" },
      { type: "function_call_output", call_id: "1", output: canary },
    ],
    tools: [{ type: "function", name: canary, parameters: {}, strict: true }],
    text: { format: { type: "json_schema", name: canary, schema: {} } },
    reasoning: { effort: "low" },
    max_output_tokens: 5,
    stream: true,
    store: false,
    metadata: { [canary]: canary },
  },
  messages: {
    model: "demo",
    max_tokens: 5,
    system: [{ type: "text", text: canary, cache_control: { type: "ephemeral" } }],
    messages: [
      { role: "user", content: canary },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: canary, signature: canary },
          { type: "tool_use", id: "1", name: canary, input: { [canary]: 1 } },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "1", content: [{ type: "text", text: canary }] },
          { type: "image", source: { type: "base64", media_type: "image/png", data: canary } },
        ],
      },
    ],
    tools: [{ name: canary, input_schema: { type: "object" } }],
    tool_choice: { type: "auto" },
    stop_sequences: [canary],
    stream: true,
    metadata: { user_id: canary },
  },
  "audio/speech": { model: "demo", input: canary, voice: canary, response_format: "mp3" },
  "images/generations": { model: "demo", prompt: canary, n: 1, size: "1024x1024" },
};

/** JSON in the place of any value; it is put in as text, because much of it has no value. */
const odd: readonly [string, ...string[]] = [
  ...(["null", "true", "false", "0", "-1", "0.5", "-0", "1e400", "-1e400", "1e-400"] as const),
  ...(["123456789012345678901234567890", '""', '"true"', "[]", "{}", "[[]]", "[null]"] as const),
  ...(["[{}]", '[""]', '{"type":null}', '"\\ud800"', '"\\u0000"', '"\\udc00\\ud800"'] as const),
  ...([`"${canary}"`, `["${canary}"]`, `{"${canary}":"${canary}"}`] as const),
  ...(['{"__proto__":{"polluted":true}}', '{"constructor":{"prototype":{"polluted":1}}}'] as const),
  ...(['{"toString":1,"valueOf":1,"length":-1,"then":1}', '{"toJSON":1}'] as const),
  ...[`"${"x".repeat(20_000)}"`, `[${"0,".repeat(5_000)}0]`, `{"type":"text","text":[]}`],
];
const deep: readonly [string, ...string[]] = [
  "[".repeat(many) + "]".repeat(many),
  `${'{"a":'.repeat(many)}1${"}".repeat(many)}`,
  "[".repeat(3_000) + "]".repeat(3_000),
  `${'{"content":['.repeat(2_000)}${"]}".repeat(2_000)}`,
];

const place = "\u2020";

/** VALUE with the mark in the place of a random part of it, or beside its keys. */
function marked(value: unknown, dice: Dice, depth = 0): unknown {
  if (typeof value !== "object" || value === null || (depth > 0 && dice.one(4))) return place;
  if (Array.isArray(value)) {
    const at = dice.below(value.length);
    return value.map((item, index) => (index === at ? marked(item, dice, depth + 1) : item));
  }
  const entries = Object.entries(value);
  const [key = "", item] = entries[dice.below(entries.length)] ?? [];
  if (dice.one(8)) return Object.fromEntries(entries.filter(([name]) => name !== key));
  if (dice.one(12)) return { ...value, [dice.pick(["stream", "n", "__proto__", canary])]: place };
  return { ...value, [key]: marked(item, dice, depth + 1) };
}

type Break = (text: string, dice: Dice) => string;

const breaks: readonly [Break, ...Break[]] = [
  (text, dice) => text.slice(0, dice.below(text.length)),
  (text, dice) => `${text}${dice.pick(["}", "{}", ",", "\0", " x", "\u00e9"])}`,
  (text) => `\u00ef\u00bb\u00bf${text}`,
  (text, dice) => text.replace(",", dice.pick([",,", ", /**/", ";", ",\n\t "])),
  (text) => text.replaceAll('"', "'"),
  (text, dice) => {
    const at = dice.below(text.length);
    return text.slice(0, at) + String.fromCharCode(dice.below(256)) + text.slice(at + 1);
  },
  (_, dice) => dice.pick(["", " ", "null", "[]", `"${canary}"`, "0", "{", "NaN", "[{}]", "{}"]),
  (text, dice) =>
    text.replace(
      "{",
      `{"${dice.pick(["model", "messages", "stream", "input"])}":${dice.pick(odd)},`,
    ),
  (text, dice) => text.replace("{", `{"stre\\u0061m":${dice.pick(["true", "1", "null"])},`),
];

/** A body for KIND, mostly with something wrong with it. */
export function bodyFor(kind: keyof typeof templates, dice: Dice): Uint8Array<ArrayBuffer> {
  let value: unknown = templates[kind];
  if (dice.one(3)) value = { ...(value as object), stream: dice.one(2) };
  const marks = dice.below(4);
  for (let count = 0; count < marks; count++) value = marked(value, dice);
  const filling = () => (dice.one(60) ? dice.pick(deep) : dice.pick(odd));
  const text = (JSON.stringify(value) ?? "").replaceAll(`"${place}"`, filling);
  const broken = dice.one(4) ? dice.pick(breaks)(text, dice) : text;
  // Mostly as it is; else every character is a byte, and some of them no UTF-8.
  return Buffer.from(broken, dice.one(6) ? "latin1" : "utf8");
}

export const kindsInJson = Object.keys(templates) as (keyof typeof templates)[];

const names: readonly [string, ...string[]] = [
  ...(['name="model"', "name=model", 'name="file"; filename="a.wav"', 'name="file"'] as const),
  ...([
    `name="${canary}"`,
    "name*=utf-8''model",
    'filename="x"',
    "",
    'name="model',
    `name="stream"`,
  ] as const),
];

/** A form, mostly with something wrong with it, and its content type. */
export function formFor(dice: Dice): { type: string; body: Uint8Array<ArrayBuffer> } {
  const boundary = dice.pick(["b", "----x", "a b", "'()+_,-./:=?", "b".repeat(70), "b".repeat(71)]);
  const part = (name: string, content: string): string =>
    `--${boundary}\r\n${dice.pick(["", "X-Y: z\r\n"])}Content-Disposition: form-data; ${name}\r\n\r\n${content}\r\n`;
  const good = [
    part('name="model"', "demo"),
    part('name="file"; filename="a.wav"', `RIFF\0\xff${canary}`),
    part('name="prompt"', canary),
  ];
  const count = dice.one(20) ? 100 : dice.below(4);
  const more = Array.from({ length: count }, () =>
    part(dice.pick(names), dice.pick(["demo", "true", canary, ""])),
  );
  let body = `${[...good, ...more].join("")}--${boundary}--${dice.pick(["\r\n", "", canary])}`;
  if (dice.one(2)) body = dice.pick(breaks)(body, dice);
  if (dice.one(6)) body = body.replaceAll("\r\n", "\n");
  const said = dice.pick([
    boundary,
    boundary,
    boundary,
    `"${boundary}"`,
    "",
    `"${boundary}`,
    "other",
  ]);
  const type = dice.pick(["multipart/form-data; boundary=", "multipart/form-data; a=b; BOUNDARY="]);
  return { type: type + said, body: Buffer.from(body, "latin1") };
}
