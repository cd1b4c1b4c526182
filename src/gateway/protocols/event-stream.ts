import type { Answer } from "../../shared/http1/answer.ts";
import type { BodyStream } from "../../shared/http1/body-stream.ts";

/** The answer that STREAM is the body of. */
export const eventStream = (
  stream: BodyStream,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): Answer => ({
  status: 200,
  headers: {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
    ...headers,
    "x-request-id": requestId,
  },
  body: stream,
});
