import type { ResponseStart } from "../proxy/reply.ts";
import type { Kind } from "../request/allow-list.ts";
import { isObject, parseJson } from "../request/json.ts";
import { wholeOf } from "./whole.ts";

/**
 * OPENING with what came whole read, once, before any protocol sees it. An error that came with 200 gets the
 * status that it ought to have had, so that another replica can still be asked.
 */
export function understood(opening: ResponseStart, kind: Kind): ResponseStart {
  if (opening.is !== "whole" || opening.status !== 200) return opening;
  if (kind.startsWith("audio/") && !opening.contentType.startsWith("application/json")) {
    return opening;
  }
  const text = opening.body.toString("utf8");
  const answer = parseJson(text);
  if (!isObject(answer)) return opening;
  const whole = wholeOf(answer, kind);
  if (typeof whole === "number") return { ...opening, status: whole };
  return { ...opening, read: { ...whole, text: whole.answer === answer ? text : null } };
}
