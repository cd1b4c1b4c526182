/**
 * What can go wrong in public: a status, a machine code, and one sentence that says what to do.
 * The private cause stays in the process. Every error body is the OpenAI envelope with all four keys
 * (openai-openapi `Error`), whichever route it came from.
 */

export type FailureType =
  | "invalid_request_error"
  | "insufficient_quota"
  | "requests"
  | "tokens"
  | "server_error";

export interface FailureOptions {
  code?: string | null;
  param?: string | null;
  type?: FailureType;
  headers?: Record<string, string>;
  /** What a client's program reads where its protocol has a place for it. */
  details?: Readonly<Record<string, unknown>> | null;
  cause?: unknown;
}

export class Failure extends Error {
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;
  readonly type: FailureType;
  readonly headers: Record<string, string>;
  readonly details: Readonly<Record<string, unknown>> | null;

  constructor(status: number, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Failure";
    this.status = status;
    this.code = options.code ?? null;
    this.param = options.param ?? null;
    this.type = options.type ?? (status >= 500 ? "server_error" : "invalid_request_error");
    this.headers = options.headers ?? {};
    this.details = options.details ?? null;
  }

  /** The envelope, as an object; also what a broken stream carries as its last data frame. */
  envelope(): {
    error: { message: string; type: string; param: string | null; code: string | null };
  } {
    return {
      error: { message: this.message, type: this.type, param: this.param, code: this.code },
    };
  }

  /** The same for our own server, which needs no Response. */
  toAnswer(requestId: string): {
    status: number;
    headers: Record<string, string>;
    body: string;
  } {
    return {
      status: this.status,
      headers: {
        "content-type": "application/json",
        ...this.headers,
        "x-request-id": requestId,
      },
      body: JSON.stringify(this.envelope()),
    };
  }

  toResponse(requestId: string): Response {
    return Response.json(this.envelope(), {
      status: this.status,
      headers: { ...this.headers, "x-request-id": requestId },
    });
  }
}

export const missingKey = (): Failure =>
  new Failure(401, "No API key was sent. Add the header `Authorization: Bearer hv_...`.", {
    headers: { "www-authenticate": "Bearer" },
  });

/** One text for unknown, revoked and expired keys, so that a guesser learns nothing. */
export const badKey = (): Failure =>
  new Failure(401, "This API key is not valid. Create a new one on the Keys page.", {
    code: "invalid_api_key",
    headers: { "www-authenticate": "Bearer" },
  });

export const forbidden = (message = "Your role does not allow this. Ask an admin."): Failure =>
  new Failure(403, message, { code: "permission_denied" });

export const notFound = (message: string, code: string | null = "not_found"): Failure =>
  new Failure(404, message, { code });

export const modelNotFound = (model: string): Failure =>
  new Failure(
    404,
    `The model ${JSON.stringify(model)} does not exist here. GET /v1/models lists the ones that do.`,
    {
      code: "model_not_found",
      param: "model",
    },
  );

export const badRequest = (
  message: string,
  param: string | null = null,
  code: string | null = null,
): Failure => new Failure(400, message, { param, code });

/** Anything unexpected: the public text says nothing about the inside. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure(
    500,
    "Something went wrong on our side. The request id identifies it in the log.",
    {
      code: "internal_error",
      cause: error,
    },
  );
}
