import { badRequest, Failure } from "../../shared/failure.ts";
import type { ServerRequest } from "../../shared/http1/incoming.ts";
import { elementsOf } from "../../shared/http1/list.ts";
import { ProtocolError } from "../../shared/http1/protocol-error.ts";

/**
 * The body of a request, of at most LIMIT bytes; no promise when it is here already. Throws 413
 * without reading further than the limit, 400 when the client breaks off.
 */
export function bodyOf(request: ServerRequest, limit: number): Buffer | Promise<Buffer> {
  try {
    return request.peek(limit) ?? readBody(request, limit);
  } catch (error) {
    throw failureOf(error, limit);
  }
}

async function readBody(request: ServerRequest, limit: number): Promise<Buffer> {
  try {
    return await request.read(limit);
  } catch (error) {
    throw failureOf(error, limit);
  }
}

function failureOf(error: unknown, limit: number): unknown {
  if (!(error instanceof ProtocolError)) return error;
  return error.status === 413
    ? new Failure(413, `The request body is larger than ${limit} bytes. Send a shorter one.`, {
        code: "request_too_large",
      })
    : badRequest("The request body ended before it was complete. Send it again.");
}

/** Throws 415 for a content type that is not WANTED, and for a body that is compressed. */
export function requireType({ headers }: ServerRequest, wanted: RegExp, example: string): void {
  if (!wanted.test(headers.get("content-type") ?? "")) {
    throw new Failure(
      415,
      `The body must be ${example}. Send the header \`content-type: ${example}\`.`,
    );
  }
  const codings = elementsOf(headers.get("content-encoding"));
  if (codings.some((coding) => coding !== "identity")) {
    throw new Failure(415, "A compressed body is not understood here. Send it uncompressed.");
  }
}
