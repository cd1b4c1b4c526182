/** The tools of a Responses request as those of a chat request. */
import { badRequest } from "../../../shared/failure.ts";
import { isObject } from "../../request/json.ts";

type Body = Readonly<Record<string, unknown>>;

interface Choice {
  mode: "none" | "auto" | "required" | undefined;
  /** Only these may be called; null when all may. */
  names: ReadonlySet<unknown> | null;
}

/** `tools`, `tool_choice` and `parallel_tool_calls` of the chat request; empty when BODY has no tools. */
export function chatTools(body: Body): Record<string, unknown> {
  const tools = Array.isArray(body["tools"]) ? body["tools"].filter(isObject) : [];
  const { mode, names } = choiceOf(body["tool_choice"]);
  const offered = names === null ? tools : tools.filter((tool) => names.has(tool["name"]));
  if (offered.length === 0) {
    if (mode !== "required") return {};
    throw badRequest("`tool_choice` asks for a tool that is not in `tools`.", "tool_choice");
  }
  return {
    tools: offered.map(chatTool),
    tool_choice: mode,
    parallel_tool_calls: body["parallel_tool_calls"],
  };
}

/**
 * llama-server takes `tool_choice` only as a word and ignores any other without saying so. One tool by
 * name is the same as "required" with that tool alone, which every runtime understands.
 */
function choiceOf(choice: unknown): Choice {
  if (choice === undefined || choice === null) return { mode: undefined, names: null };
  if (isMode(choice)) return { mode: choice, names: null };
  if (isObject(choice)) {
    const { type, name, mode, tools } = choice;
    if (type === "function") return { mode: "required", names: new Set([name]) };
    if (type === "allowed_tools" && isMode(mode) && Array.isArray(tools)) {
      return { mode, names: new Set(tools.filter(isObject).map((tool) => tool["name"])) };
    }
  }
  throw badRequest(
    '`tool_choice` must be "none", "auto", "required", a function or `allowed_tools`.',
    "tool_choice",
  );
}

const isMode = (value: unknown): value is "none" | "auto" | "required" =>
  value === "none" || value === "auto" || value === "required";

function chatTool(tool: Record<string, unknown>): Record<string, unknown> {
  const { name, description, parameters, strict } = tool;
  const described = description === undefined || description === null ? {} : { description };
  return {
    type: "function",
    function: {
      name,
      ...described,
      // Several chat templates read `parameters` without looking whether it is there.
      parameters: isObject(parameters) ? parameters : { type: "object", properties: {} },
      ...(typeof strict === "boolean" ? { strict } : {}),
    },
  };
}
