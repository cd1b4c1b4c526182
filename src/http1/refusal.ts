import { asFailure, Failure } from "../failure.ts";
import { newId } from "../identifier.ts";
import type { Answer } from "./answer.ts";
import { ProtocolError } from "./protocol-error.ts";

/** The answer to what is no HTTP, and to what no handler has caught: the envelope, with an id to ask about. */
export function refusal(error: unknown): Answer & { body: string } {
  const failure =
    error instanceof ProtocolError ? new Failure(error.status, error.message) : asFailure(error);
  return failure.toAnswer(newId("req"));
}
