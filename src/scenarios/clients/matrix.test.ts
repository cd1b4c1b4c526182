/** Real clients, as people use them, against the gateway: what it gives them, and how they hear of failures. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import {
  dedicated,
  type GatewayUnderTest,
  gatewayUnderTest,
} from "../../gateway/gateway.testbed.ts";
import { Failure } from "../../shared/failure.ts";
import { agents } from "./agents.ts";
import { aiSdk } from "./ai-sdk.ts";
import { anthropicMessages } from "./anthropic.ts";
import type { Access, Client } from "./client.ts";
import { langchain } from "./langchain.ts";
import { openaiChat, openaiResponses } from "./openai.ts";
import { afterTool, type Prompt, type Runtime, said, startRuntime } from "./runtime.ts";
import { type Held, heldFetch } from "./schema.ts";

const clients: readonly Client[] = [
  ...[openaiChat, openaiResponses, aiSdk, langchain, agents(false), agents(true)],
  anthropicMessages,
];

let runtime: Runtime;
let under: GatewayUnderTest;
let held: Held;

const limits = {
  admit({ key_id }: { key_id: string | null }) {
    if (key_id !== "key_2") return null;
    throw new Failure(429, "Too fast. Try again in 20s.", {
      type: "requests",
      code: "rate_limit_exceeded",
      headers: { "retry-after": "20" },
    });
  },
};

beforeAll(() => {
  runtime = startRuntime();
  under = gatewayUnderTest({ ports: [runtime.port], limits });
  under.publish(dedicated("sleeping", [], { cold_start: "fail" }));
});

afterAll(async () => {
  await under.stop();
  runtime.stop();
});

afterEach(() => expect(held.wrong).toEqual([]));

function access(changes: Partial<Access> = {}): Access {
  held = { checked: 0, wrong: [] };
  return { url: under.url, key: "hv_first", model: "demo", fetch: heldFetch(held), ...changes };
}

async function thrownBy(asked: Promise<unknown>): Promise<unknown> {
  try {
    await asked;
  } catch (error) {
    return error;
  }
  throw new Error("It was taken for a success.");
}

describe.each(clients.map((client) => [client.name, client] as const))("%s", (_, client) => {
  const speaksOpenAI = client !== anthropicMessages;

  test("is answered, with what it cost", async () => {
    const answer = await client.whole(access(), "hello");
    expect(answer).toMatchObject({ text: said, prompt_tokens: 9, completion_tokens: 3 });
    expect(held.checked > 0).toBe(speaksOpenAI);
  });

  test("is streamed to, with what it cost", async () => {
    const answer = await client.stream(access(), "hello");
    expect(answer).toMatchObject({ text: said, prompt_tokens: 9, completion_tokens: 3 });
    expect(held.checked > 3).toBe(speaksOpenAI);
  });

  test("lets a model use a tool", async () => {
    const { text, called } = await client.tools(access());
    expect([text, called]).toEqual([afterTool, [{ city: "Paris" }]]);
  });

  if (client.structured) {
    test("gets an object of the shape that it asks for", async () => {
      expect(await client.structured?.(access())).toEqual({ answer: 42 });
    });
  }

  test.each<[string, Partial<Access>, { status: number; code: string }]>([
    ["a key that is not valid", { key: "hv_none" }, { status: 401, code: "invalid_api_key" }],
    ["an unknown model", { model: "nope" }, { status: 404, code: "model_not_found" }],
    ["a limit", { key: "hv_second" }, { status: 429, code: "rate_limit_exceeded" }],
    ["a model that wakes up", { model: "endpt-1" }, { status: 503, code: "model_waking_up" }],
  ])("hears of %s", async (_, changes, expected) => {
    for (const way of ["whole", "stream"] as const) {
      const error = await thrownBy(client[way](access(changes), "hello"));
      expect(client.seen(error)).toMatchObject(expected);
    }
  });

  test.each<[Prompt]>([["breaks"], ["resets"], ["ends early"]])(
    "does not take a stream that %s for a whole one",
    async (prompt) => {
      const error = await thrownBy(client.stream(access(), prompt));
      expect(error).toMatchObject({ message: expect.any(String) });
      expect(`${error} ${JSON.stringify(error)}`).not.toContain("canary");
    },
  );

  test("leaves, and the runtime is told", async () => {
    const left = runtime.left();
    const { length } = await under.rows(0);
    await client.leave(access(), "never ends");
    await left;
    await under.rows(length + 1);
    expect(under.gateway.inflight()).toBe(0);
  });
});
