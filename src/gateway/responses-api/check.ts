import { badRequest } from "../../failure.ts";
import { isObject } from "../json.ts";

type Body = Readonly<Record<string, unknown>>;

/**
 * What a request for a response must have. Throws 400 that names the field and quotes nothing. What
 * would need something to be stored here is refused: prompts and answers never are.
 */
export function checkResponses(body: Body): void {
  const { input, tools } = body;
  if (typeof input !== "string" && !(Array.isArray(input) && input.length > 0)) {
    throw badRequest("`input` must be a string or an array that is not empty.", "input");
  }
  if (Array.isArray(input) && !input.every(isObject)) {
    throw badRequest("Every item of `input` must be an object.", "input");
  }
  for (const field of ["previous_response_id", "conversation"]) {
    if (body[field] !== undefined && body[field] !== null) {
      throw badRequest(
        `\`${field}\` is not supported: nothing is stored here. Send the whole conversation in \`input\`.`,
        field,
      );
    }
  }
  if (body["background"] === true) {
    throw badRequest("`background` is not supported: nothing is stored here.", "background");
  }
  const isHosted = (tool: unknown) => !isObject(tool) || tool["type"] !== "function";
  if (Array.isArray(tools) && tools.some(isHosted)) {
    throw badRequest("Only tools of the type function are supported here.", "tools");
  }
}
