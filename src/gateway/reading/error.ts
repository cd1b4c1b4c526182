/** Errors that came where an answer ought to be. */
import { isObject } from "../request/json.ts";

type Json = Readonly<Record<string, unknown>>;

/** ANSWER is an error, or has one: services and their proxies send those with status 200, too. */
export function isError(answer: Json): boolean {
  const { error, type, object, choices } = answer;
  if (isObject(error) || error === true || (typeof error === "string" && error !== "")) return true;
  if (type === "error" || object === "error") return true;
  return (
    Array.isArray(choices) &&
    choices.some((choice) => isObject(choice) && isObject(choice["error"]))
  );
}

/** What a client can do something about. All else is between us and the service: 502. */
const honest: ReadonlySet<number> = new Set([400, 404, 413, 422]);
const ofRequest = /^(invalid_request_error|BadRequestError|exceed_context_size_error)$/;

/** The status that an error which came with 200 ought to have had. */
export function statusOf(answer: Json): number {
  const error = isObject(answer["error"]) ? answer["error"] : answer;
  const said = [error["code"], error["status"], error["status_code"], answer["code"]];
  const number = said.map(Number).find((code) => code >= 400 && code < 600);
  if (number !== undefined) return honest.has(number) ? number : 502;
  const isOfRequest =
    error["code"] === "context_length_exceeded" || ofRequest.test(String(error["type"]));
  return isOfRequest ? 400 : 502;
}
