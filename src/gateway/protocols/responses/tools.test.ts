import { expect, test } from "bun:test";
import { Failure } from "../../../shared/failure.ts";
import { chatTools } from "./tools.ts";

const parameters = { type: "object", properties: { city: { type: "string" } } };
const weather = { type: "function", name: "weather", description: "d", parameters, strict: true };
const time = { type: "function", name: "time", description: null, parameters: null, strict: null };
const chatWeather = {
  type: "function",
  function: { name: "weather", description: "d", parameters, strict: true },
};
const chatTime = {
  type: "function",
  function: { name: "time", parameters: { type: "object", properties: {} } },
};

test("functions are nested as chat has them, with parameters that templates can read", () => {
  expect(chatTools({ tools: [weather, time], parallel_tool_calls: false })).toEqual({
    tools: [chatWeather, chatTime],
    tool_choice: undefined,
    parallel_tool_calls: false,
  });
});

test.each(["none", "auto", "required"])("the choice %s stays", (tool_choice) => {
  expect(chatTools({ tools: [time], tool_choice })).toMatchObject({ tool_choice });
});

test("a function by name is that function alone, required", () => {
  const tool_choice = { type: "function", name: "time" };
  expect(chatTools({ tools: [weather, time], tool_choice })).toMatchObject({
    tools: [chatTime],
    tool_choice: "required",
  });
});

test("of allowed tools only those are offered", () => {
  const allowed = [{ type: "function", name: "weather" }];
  const tool_choice = { type: "allowed_tools", mode: "auto", tools: allowed };
  expect(chatTools({ tools: [weather, time], tool_choice })).toMatchObject({
    tools: [chatWeather],
    tool_choice: "auto",
  });
});

test("without tools nothing is said of them: vLLM refuses a choice without tools", () => {
  expect(chatTools({ tools: [], tool_choice: "auto", parallel_tool_calls: true })).toEqual({});
  expect(chatTools({ tool_choice: null })).toEqual({});
});

test.each<[string, Record<string, unknown>]>([
  ["a tool that is not there", { tools: [time], tool_choice: { type: "function", name: "x" } }],
  ["any tool when there is none", { tool_choice: "required" }],
  ["a hosted tool", { tools: [time], tool_choice: { type: "file_search" } }],
  ["an unknown word", { tools: [time], tool_choice: "always" }],
])("%s cannot be chosen", (_, body) => {
  expect(() => chatTools(body)).toThrow(Failure);
});
