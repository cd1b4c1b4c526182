import type { Failure } from "../../shared/failure.ts";
import type { Answer } from "../../shared/http1/answer.ts";
import { errorBody } from "../protocols/messages/error.ts";
import type { Kind } from "../request/allow-list.ts";

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
