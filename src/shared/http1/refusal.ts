import { asFailure, Failure } from "../failure.ts";
import { newId } from "../identifier.ts";
import type { Answer } from "./answer.ts";
import { ProtocolError } from "./protocol-error.ts";

/** The answer to what is no HTTP, and to what no handler has caught: the envelope, with an id to ask about. */
export function refusal(error: unknown): Answer & { body: string } {
  return (error instanceof ProtocolError ? failureOf(error) : asFailure(error)).toAnswer(
    newId("req"),
  );
}

const failureOf = ({ status, message }: ProtocolError): Failure =>
  status === 503
    ? new Failure(503, message, { code: "overloaded", headers: { "retry-after": "5" } })
    : new Failure(status, message);
