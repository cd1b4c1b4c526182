import { expect, test } from "bun:test";
import { Failure } from "../../../shared/failure.ts";
import { check } from "./check.ts";

const secret = "my-secret-words";
const fine = { model: "m", input: "Hello" };

function failureOf(body: Record<string, unknown>): Failure {
  try {
    check({ ...fine, ...body });
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("It was let through.");
}

test("what agents and SDKs send passes, with null for what they leave open", () => {
  const tool = { type: "function", name: "f", parameters: null, strict: true };
  check({
    ...fine,
    store: true,
    background: false,
    previous_response_id: null,
    conversation: null,
    instructions: null,
    metadata: {},
    tools: [tool],
    tool_choice: "auto",
    text: {},
    reasoning: { effort: "low" },
    include: ["reasoning.encrypted_content"],
    temperature: 0,
    parallel_tool_calls: false,
    max_output_tokens: 16,
    top_logprobs: 0,
    truncation: "auto",
  });
  check({
    model: "m",
    input: [
      { role: "user", content: "Hello" },
      { type: "reasoning", id: "rs" },
    ],
  });
});

test.each([
  ["previous_response_id", "resp_1"],
  ["conversation", { id: "conv_1" }],
  ["prompt", { id: "pmpt_1" }],
  ["background", true],
])("%s is refused, since nothing is kept", (param, value) => {
  expect(failureOf({ [param]: value })).toMatchObject({
    status: 400,
    param,
    code: "unsupported_parameter",
    message: expect.stringContaining("no answer is kept"),
  });
});

test("an item that only refers to one of before is refused", () => {
  const input = [
    { role: "user", content: "Hi" },
    { type: "item_reference", id: secret },
  ];
  expect(failureOf({ input })).toMatchObject({ status: 400, param: "input[1]" });
});

test.each([
  "web_search",
  "web_search_preview_2025_03_11",
  "file_search",
  "code_interpreter",
  "computer_use_preview",
  "computer",
  "image_generation",
  "mcp",
])("the hosted tool %s is refused by its name", (type) => {
  const tools = [
    { type: "function", name: "f" },
    { type, server_label: secret },
  ];
  const failure = failureOf({ tools });
  expect(failure).toMatchObject({ status: 400, param: "tools[1].type" });
  expect(failure.message).toMatch(/^No `[a-z_]+` tool is run here/);
});

test.each([
  [{ tools: [{ type: "custom", name: secret }] }, "tools[0].type"],
  [{ tools: [{ type: secret, name: "f" }] }, "tools[0].type"],
  [{ tools: [{ type: `web_search ${secret}` }] }, "tools[0].type"],
  [{ tools: [{ type: "function", function: { name: secret } }] }, "tools[0].name"],
  [{ tools: [secret] }, "tools[0]"],
  [{ tools: secret }, "tools"],
  [{ input: undefined }, "input"],
  [{ input: null }, "input"],
  [{ input: [] }, "input"],
  [{ input: { role: "user", content: secret } }, "input"],
  [{ input: [secret] }, "input[0]"],
  [{ instructions: [secret] }, "instructions"],
  [{ text: secret }, "text"],
  [{ reasoning: secret }, "reasoning"],
  [{ metadata: [secret] }, "metadata"],
  [{ include: secret }, "include"],
  [{ tool_choice: 1 }, "tool_choice"],
  [{ max_output_tokens: 0 }, "max_output_tokens"],
  [{ max_output_tokens: "9" }, "max_output_tokens"],
  [{ top_logprobs: -1 }, "top_logprobs"],
  [{ temperature: secret }, "temperature"],
  [{ parallel_tool_calls: secret }, "parallel_tool_calls"],
])("%j is a 400 that names %s and quotes nothing", (body, param) => {
  const failure = failureOf(body);
  expect(failure).toMatchObject({ status: 400, param });
  expect(failure.message).toContain(param);
  expect(failure.message).not.toContain(secret);
});
