import { expect, test } from "bun:test";
import { parseRequest } from "../request/parsed-request.ts";
import { failureFromRuntime } from "./runtime-error.ts";

const prompt = "The canary sings in the mine";
const ask = parseRequest(
  JSON.stringify({
    model: "demo",
    messages: [{ role: "user", content: [{ type: "text", text: prompt }] }],
  }),
  "chat/completions",
);

const failure = (status: number, body: unknown) =>
  failureFromRuntime(
    status,
    Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
    ask,
  );

test("a wrong parameter keeps the runtime's sentence, and its integer code becomes null", () => {
  const error = { code: 400, message: "`top_k` must be positive", type: "BadRequestError" };
  expect(failure(400, { error }).envelope()).toEqual({
    error: {
      message: "`top_k` must be positive",
      type: "invalid_request_error",
      param: null,
      code: null,
    },
  });
});

test("a code that is a name, and the parameter, are kept", () => {
  const error = { message: "No.", type: "x", param: "tools", code: "invalid_tools" };
  expect(failure(422, { error })).toMatchObject({
    status: 422,
    param: "tools",
    code: "invalid_tools",
  });
});

test.each([
  [
    "llama-server",
    {
      error: {
        code: 400,
        message:
          "request (9008 tokens) exceeds the available context size (512 tokens), try increasing it",
        type: "exceed_context_size_error",
        n_prompt_tokens: 9008,
        n_ctx: 512,
      },
    },
  ],
  [
    "vLLM",
    {
      object: "error",
      message:
        "This model's maximum context length is 512 tokens. However, you requested 9008 tokens",
      type: "BadRequestError",
      code: 400,
    },
  ],
])("a context that is too short is recognised from %s", (_, body) => {
  expect(failure(400, body)).toMatchObject({
    status: 400,
    code: "context_length_exceeded",
    param: "messages",
  });
});

test.each([
  [500, "<html><h1>Internal Server Error</h1></html>", 502, "upstream_error"],
  [502, "Bad Gateway", 502, "upstream_error"],
  [
    500,
    { error: { message: "CUDA error", code: 500, type: "server_error" } },
    502,
    "upstream_error",
  ],
  [404, "Not Found", 502, "upstream_error"],
  [401, { error: { message: "Invalid API Key", code: 401 } }, 502, "upstream_error"],
  [302, "", 502, "upstream_error"],
  [429, { error: { message: "queue", code: 429 } }, 503, "overloaded"],
  [503, { error: { message: "Loading model", code: 503 } }, 503, "overloaded"],
  [504, "", 504, "timeout"],
])("%d %p becomes %d %s", (status, body, ourStatus, code) => {
  expect(failure(status, body)).toMatchObject({ status: ourStatus, code, type: "server_error" });
});

test("FastAPI's detail is understood", () => {
  expect(failure(422, { detail: "Field required" }).message).toBe("Field required");
  const answer = failure(422, { detail: [{ loc: ["body"], input: { content: prompt } }] });
  expect(answer.status).toBe(422);
  expect(answer.message).not.toContain("canary");
});

test("messages that the template cannot read are the client's fault, though llama-server says 500", () => {
  const message = `Failed to parse messages: Missing 'role' in message: {"content":"${prompt}"}`;
  const answer = failure(500, { error: { code: 500, message, type: "server_error" } });
  expect(answer).toMatchObject({ status: 400, param: "messages" });
  expect(answer.message).not.toContain("canary");
});

test.each([
  [`1 validation error: [{'type': 'missing', 'input': {'content': '${prompt}'}}]`],
  [`Bad request; messages = [{"content": "${prompt}"}]`],
  [`Cannot read "${prompt}" as a template`],
  [`input_value='${prompt}'`],
])("the prompt never comes back in an error: %s", (message) => {
  const answer = failure(400, { error: { message, code: 400 } });
  expect(answer.status).toBe(400);
  expect(answer.message).not.toContain("canary");
  expect(answer.message.length).toBeGreaterThan(5);
});

test("a sentence without end is cut", () => {
  const message = "word ".repeat(10_000);
  expect(failure(400, { error: { message } }).message.length).toBeLessThanOrEqual(300);
});
