/** The seam between the gateway and the protocols that clients speak to it. */
import type { Failure } from "../../shared/failure.ts";
import type { Generated, Tokens } from "../proxy/tokens.ts";

/**
 * Reads a stream as it passes, and may rewrite it. Whatever ends a stream ends it once: the gateway
 * sends `tail()` when it is whole, else `broken(failure)`, each after the row was committed.
 */
export interface StreamTap {
  /** The answer is whole, even when the stream breaks afterwards. */
  readonly finished: boolean;
  /** The runtime's last word was seen: nothing that follows matters. */
  readonly stopped: boolean;
  /** Set when the runtime said that it failed, or nothing that can be understood. */
  readonly failure: Failure | null;
  /** As the runtime counted them; null until it did. */
  readonly tokens: Tokens | null;
  /** What was generated, as far as it was seen; no frames until the first content. */
  readonly generated: Generated;
  /** Takes what came off the wire and returns what may go on to the client now. */
  push(bytes: Buffer): Buffer;
  /** The runtime has closed its stream: what may go on to the client of the last bytes. */
  end(): Buffer;
  /** What ends a whole answer. */
  tail(): Buffer;
  /** How this protocol tells a client inside of a stream that it failed, with what must follow. */
  broken(failure: Failure): Buffer;
}
