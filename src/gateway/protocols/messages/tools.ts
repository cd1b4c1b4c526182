/** The tools of a request for a message as a chat names them. Pure. */
import { isObject } from "../../request/json.ts";

type Json = Record<string, unknown>;

export function toolsOf(body: Readonly<Json>): Json {
  const tools = Array.isArray(body["tools"]) ? body["tools"].filter(isObject).map(toolOf) : [];
  if (tools.length === 0) return {};
  const choice = isObject(body["tool_choice"]) ? body["tool_choice"] : null;
  return {
    tools,
    ...(choice && { tool_choice: choiceOf(choice) }),
    ...(choice?.["disable_parallel_tool_use"] === true && { parallel_tool_calls: false }),
  };
}

const toolOf = ({ name, description, input_schema: parameters, strict }: Json): Json => ({
  type: "function",
  function: {
    name,
    ...(description !== undefined && { description }),
    parameters,
    ...(typeof strict === "boolean" && { strict }),
  },
});

function choiceOf({ type, name }: Json): unknown {
  if (type === "tool") return { type: "function", function: { name } };
  return type === "any" ? "required" : type === "none" ? "none" : "auto";
}
