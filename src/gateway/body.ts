import { badRequest, Failure } from "../failure.ts";

/**
 * The JSON text of a request, of at most LIMIT bytes. Throws 415 for another content type, 413
 * without reading further than the limit, 400 when the client breaks off.
 */
export async function readBody(request: Request, limit: number): Promise<string> {
  requireJson(request.headers);
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > limit) throw tooLarge(limit);
  try {
    // A declared length is enforced by the server; without one the body may grow for ever.
    return declared === null ? await readBounded(request, limit) : await request.text();
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw badRequest("The request body ended before it was complete. Send it again.");
  }
}

function requireJson(headers: Headers): void {
  const type = headers.get("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new Failure(
      415,
      "The body must be JSON. Send the header `content-type: application/json`.",
    );
  }
  const coding = headers.get("content-encoding");
  if (coding !== null && coding !== "identity") {
    throw new Failure(415, "A compressed body is not understood here. Send it uncompressed.");
  }
}

async function readBounded(request: Request, limit: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  for (;;) {
    const { value } = (await reader?.read()) ?? {};
    if (!value) return Buffer.concat(parts, size).toString("utf8");
    size += value.byteLength;
    if (size > limit) {
      reader?.cancel().catch(() => undefined);
      throw tooLarge(limit);
    }
    parts.push(value);
  }
}

// Bun discards the rest of the upload by itself. With `connection: close` it would reset a client that
// is still sending, which then never sees the answer.
const tooLarge = (limit: number): Failure =>
  new Failure(413, `The request body is larger than ${limit} bytes. Send a shorter one.`, {
    code: "request_too_large",
  });
