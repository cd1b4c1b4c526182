import type { Failure } from "../../failure.ts";
import { namedFrame } from "../frames.ts";

/** How clients of the Responses API hear inside of a stream that it failed: `error`, then the end as they know it. */
export function failedEvents(
  failure: Failure,
  response: Record<string, unknown>,
  sequence_number: number,
): Buffer {
  const { message, code, param } = failure;
  const error = { code: code ?? "server_error", message };
  return Buffer.concat([
    namedFrame({ type: "error", ...{ code, message, param, sequence_number } }),
    namedFrame({
      type: "response.failed",
      ...{ response: { ...response, status: "failed", error } },
      ...{ sequence_number: sequence_number + 1 },
    }),
  ]);
}
