/** The demo model in a real llama-server: every answer that README.md promises, word for word. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { freePort } from "../../process/free-port.ts";
import cases from "./answers.json";

// Two busy cores can make a llama-server take seconds to start.
setDefaultTimeout(30_000);

const weights = new URL("./hypervize-demo.gguf", import.meta.url).pathname;
const most_bytes = 6 * 1024 * 1024;
const poll_ms = 20;
const slots = 4;

interface ToolCall {
  index?: number;
  function: { name?: string; arguments?: string };
}

interface Message {
  role: string;
  content?: string | null;
  tool_calls?: ToolCall[];
}

interface Choice {
  finish_reason: string | null;
  message: Message;
  delta: Message;
  text: string;
}

interface Case {
  name: string;
  messages: Message[];
  tools?: object[];
  expect: { content?: string; tool_calls?: { name: string; arguments: object }[] };
}

const recorded_cases: Case[] = cases;
let server: Bun.Subprocess | undefined;
let base = "";

beforeAll(async () => {
  const port = await freePort();
  const flags = [
    "--host",
    "127.0.0.1",
    "--port",
    String(port),
    "-c",
    "8192",
    "-np",
    "4",
    "--jinja",
  ];
  server = Bun.spawn([llamaServer(), "-m", weights, ...flags], {
    stdout: "ignore",
    stderr: "ignore",
  });
  base = `http://127.0.0.1:${port}`;
  await healthy(server);
});

afterAll(async () => {
  server?.kill();
  await server?.exited;
});

describe("the demo model", () => {
  for (const asked of recorded_cases) {
    test(asked.name, async () => {
      expect(said(await chat(asked))).toEqual(asked.expect);
    });
  }
});

test("answers the same when four questions arrive at once", async () => {
  for (let first = 0; first < recorded_cases.length; first += slots) {
    const round = recorded_cases.slice(first, first + slots);
    const answers = await Promise.all(round.map((asked) => chat(asked)));
    expect(answers.map(said)).toEqual(round.map((asked) => asked.expect));
  }
});

test("streams the same words in pieces, and says why it ends", async () => {
  const asked = caseOf("tells a story on");
  const choices = await stream(asked);
  const pieces = choices.flatMap(({ delta }) => delta.content ?? []);
  expect(pieces.join("")).toBe(asked.expect.content ?? "");
  expect(pieces.length).toBeGreaterThan(100);
  expect(choices.at(-1)?.finish_reason).toBe("stop");
});

test("streams a tool call", async () => {
  const asked = caseOf("calls the weather tool");
  const choices = await stream(asked);
  const calls = choices.flatMap(({ delta }) => delta.tool_calls ?? []);
  const whole = calls.reduce(
    (sum, { function: part }) => ({
      name: sum.name + (part.name ?? ""),
      arguments: sum.arguments + (part.arguments ?? ""),
    }),
    { name: "", arguments: "" },
  );
  const expected = asked.expect.tool_calls?.[0];
  expect(whole.name).toBe(expected?.name ?? "");
  expect(JSON.parse(whole.arguments)).toEqual(expected?.arguments);
  expect(choices.at(-1)?.finish_reason).toBe("tool_calls");
});

test("ends with a tool call by that name", async () => {
  const [choice] = await chat(caseOf("calls the weather tool"));
  expect(choice?.finish_reason).toBe("tool_calls");
});

test("stops in the middle when max_tokens are used up", async () => {
  const asked = caseOf("tells a story on");
  const [choice] = await chat(asked, { max_tokens: 10 });
  expect(choice?.finish_reason).toBe("length");
  const start = choice?.message.content ?? "";
  expect(start).not.toBe("");
  expect(asked.expect.content).toStartWith(start);
});

test("goes on with a story from raw text", async () => {
  const prompt = "Once upon a time";
  const [choice] = await post("completions", { prompt, temperature: 0, max_tokens: 300 });
  expect(prompt + choice?.text).toBe(caseOf("tells a story on").expect.content ?? "");
  expect(choice?.finish_reason).toBe("stop");
});

test("answers with an object when the client wants JSON", async () => {
  const response_format = { type: "json_object" };
  const [choice] = await chat(caseOf("calculates"), { response_format, max_tokens: 100 });
  expect(JSON.parse(choice?.message.content ?? "")).toBeObject();
  expect(choice?.finish_reason).toBe("stop");
});

test("keeps to the schema when the client wants one", async () => {
  const schema = {
    type: "object",
    properties: { answer: { type: "string" } },
    required: ["answer"],
    additionalProperties: false,
  };
  const response_format = { type: "json_schema", json_schema: { name: "reply", schema } };
  const [choice] = await chat(caseOf("calculates"), { response_format, max_tokens: 100 });
  expect(JSON.parse(choice?.message.content ?? "")).toEqual({ answer: expect.any(String) });
  expect(choice?.finish_reason).toBe("stop");
});

test("is small enough to lie in the repository", () => {
  expect(Bun.file(weights).size).toBeLessThanOrEqual(most_bytes);
});

function llamaServer(): string {
  const path = process.env["HYPERVIZE_LLAMA_SERVER"] ?? Bun.which("llama-server");
  if (path) return path;
  throw new Error("No llama-server: set HYPERVIZE_LLAMA_SERVER to its path, or put it on PATH.");
}

async function healthy(started: Bun.Subprocess): Promise<void> {
  while (started.exitCode === null && started.signalCode === null) {
    const answer = await fetch(`${base}/health`).catch(() => undefined);
    if (answer?.ok) return;
    await Bun.sleep(poll_ms);
  }
  throw new Error(
    `llama-server ended (${started.exitCode ?? started.signalCode}) before it was ready.`,
  );
}

function caseOf(name: string): Case {
  const found = recorded_cases.find((candidate) => candidate.name.startsWith(name));
  if (found) return found;
  throw new Error(`answers.json has no case "${name}".`);
}

function requestOf({ messages, tools }: Case, more: object = {}): object {
  return { messages, ...(tools && { tools }), temperature: 0, max_tokens: 500, ...more };
}

function send(route: string, body: object): Promise<Response> {
  // llama-server ends a connection after 100 requests, and a fetch that is just reusing it is reset.
  const keepalive = false;
  return fetch(`${base}/v1/${route}`, { method: "POST", body: JSON.stringify(body), keepalive });
}

async function post(route: string, body: object): Promise<Choice[]> {
  const response = await send(route, body);
  expect(response.status).toBe(200);
  return ((await response.json()) as { choices: Choice[] }).choices;
}

function chat(asked: Case, more: object = {}): Promise<Choice[]> {
  return post("chat/completions", requestOf(asked, more));
}

async function stream(asked: Case): Promise<Choice[]> {
  const response = await send("chat/completions", requestOf(asked, { stream: true }));
  const events = (await response.text())
    .split("\n\n")
    .filter((event) => event.startsWith("data: "));
  expect(events.pop()).toBe("data: [DONE]");
  return events.flatMap((event) => (JSON.parse(event.slice(6)) as { choices: Choice[] }).choices);
}

/** What an answer says, in the words of answers.json. */
function said(choices: Choice[]): Case["expect"] {
  const message = choices[0]?.message;
  if (!message?.tool_calls) return { content: message?.content ?? "" };
  const calls = message.tool_calls.map(({ function: { name = "", arguments: text = "" } }) => ({
    name,
    arguments: JSON.parse(text) as object,
  }));
  return { tool_calls: calls };
}
