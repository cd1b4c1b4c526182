import type { Failure } from "../failure.ts";
import type { Answer } from "../http1/answer.ts";
import type { Kind } from "./allow-list.ts";
import { errorBody } from "./messages/error.ts";

/** FAILURE as clients of this kind of route read it. */
export function refusalFor(
  kind: Kind | null,
  failure: Failure,
  id: string,
  more: Readonly<Record<string, string>> = {},
): Answer {
  const { status, headers: own, body } = failure.toAnswer(id);
  const headers = { ...more, ...own };
  if (kind !== "messages") return { status, headers, body };
  return {
    status,
    headers: { ...headers, "request-id": id },
    body: JSON.stringify(errorBody(failure, id)),
  };
}
