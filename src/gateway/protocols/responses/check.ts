/** What the body of a request to /v1/responses must be. Throws 400 that names the field and quotes nothing. */
import { badRequest, type Failure } from "../../../shared/failure.ts";
import { isObject } from "../../request/json.ts";

type Body = Readonly<Record<string, unknown>>;

/**
 * Refuses what is malformed, and what needs something kept between requests or a tool that OpenAI runs.
 * What only a runtime's chat route cannot carry is refused by `toChat`. `store` is ignored: nothing is.
 */
export function check(body: Body): void {
  checkKept(body);
  checkInput(body["input"]);
  checkTools(body["tools"]);
  for (const [param, { is, must }] of Object.entries(fields)) {
    if (isGiven(body[param]) && !is(body[param])) {
      throw badRequest(`\`${param}\` must be ${must}.`, param);
    }
  }
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

interface Rule {
  is(value: unknown): boolean;
  must: string;
}

const text: Rule = { is: (value) => typeof value === "string", must: "a string" };
const flag: Rule = { is: (value) => typeof value === "boolean", must: "true or false" };
const number: Rule = { is: (value) => typeof value === "number", must: "a number" };
const object: Rule = { is: isObject, must: "an object" };
const integerFrom = (least: number): Rule => ({
  is: (value) => Number.isSafeInteger(value) && (value as number) >= least,
  must: `a whole number that is at least ${least}`,
});

const fields: Readonly<Record<string, Rule>> = {
  instructions: text,
  metadata: object,
  text: object,
  reasoning: object,
  include: { is: Array.isArray, must: "an array" },
  tool_choice: {
    is: (value) => typeof value === "string" || isObject(value),
    must: "a string or an object",
  },
  parallel_tool_calls: flag,
  temperature: number,
  top_p: number,
  max_output_tokens: integerFrom(1),
  top_logprobs: integerFrom(0),
};

const wholeConversation = "Send the whole conversation in `input`.";

/** What the protocol would have us keep, with what to do instead. */
const kept: Readonly<Record<string, string>> = {
  previous_response_id: wholeConversation,
  conversation: wholeConversation,
  prompt: "Send the prompt itself in `instructions` and `input`.",
};

function checkKept(body: Body): void {
  for (const [param, advice] of Object.entries(kept)) {
    if (isGiven(body[param])) throw nothingKept(param, advice);
  }
  if (body["background"] === true) {
    throw nothingKept("background", "Leave it out and wait for the answer, or stream it.");
  }
}

const nothingKept = (param: string, advice: string): Failure =>
  badRequest(
    `\`${param}\` does not work here, because no prompt and no answer is kept. ${advice}`,
    param,
    "unsupported_parameter",
  );

function checkInput(input: unknown): void {
  if (typeof input === "string") return;
  if (!Array.isArray(input) || input.length === 0) {
    throw badRequest("`input` must be a string or an array with at least one item.", "input");
  }
  for (const [index, item] of input.entries()) {
    const param = `input[${index}]`;
    if (!isObject(item)) throw badRequest(`\`${param}\` must be an object.`, param);
    if (item["type"] === "item_reference") throw nothingKept(param, wholeConversation);
  }
}

/** Dated names too, such as `web_search_2025_08_26`. */
const hosted =
  /^(?:web_search|file_search|code_interpreter|computer|image_generation|mcp)(?=_\w+$|$)/;

function checkTools(tools: unknown): void {
  if (!isGiven(tools)) return;
  if (!Array.isArray(tools)) throw badRequest("`tools` must be an array.", "tools");
  for (const [index, tool] of tools.entries()) checkTool(tool, `tools[${index}]`);
}

function checkTool(tool: unknown, param: string): void {
  if (!isObject(tool)) throw badRequest(`\`${param}\` must be an object.`, param);
  const type = tool["type"];
  if (type !== "function") {
    const known = typeof type === "string" ? hosted.exec(type)?.[0] : undefined;
    const what = known ? `No \`${known}\` tool is run here` : "Only function tools are served here";
    throw badRequest(
      `${what} (\`${param}.type\`). Give the model a tool of type \`function\`, and run it yourself.`,
      `${param}.type`,
      "unsupported_value",
    );
  }
  if (typeof tool["name"] !== "string" || tool["name"] === "") {
    throw badRequest(`\`${param}.name\` must be a non-empty string.`, `${param}.name`);
  }
}
