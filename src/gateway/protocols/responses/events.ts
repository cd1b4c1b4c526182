/** The events of a Responses stream, on the wire. */
import type { Failure } from "../../../shared/failure.ts";
import { responseError } from "./response.ts";

/** Numbers events, from FIRST on. */
export class EventWriter {
  #next: number;

  constructor(first = 0) {
    this.#next = first;
  }

  write(type: string, fields: Readonly<Record<string, unknown>>): string {
    const data = JSON.stringify({ type, sequence_number: this.#next++, ...fields });
    return `event: ${type}\ndata: ${data}\n\n`;
  }

  /**
   * How the stream of RESPONSE fails. openai-node and openai-python raise only for an event with a
   * key `error` (the documented ErrorEvent is flat, so it has both); Codex only for `response.failed`.
   */
  fail(failure: Failure, response: Readonly<Record<string, unknown>>): string {
    const { message, code, param } = failure;
    const failed = { ...response, status: "failed", error: responseError(failure) };
    return (
      this.write("error", { code, message, param, ...failure.envelope() }) +
      this.write("response.failed", { response: failed })
    );
  }
}
