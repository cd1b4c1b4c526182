/** Where a head begins and ends, before anything of it is read. Pure. */
import { ProtocolError } from "./protocol-error.ts";

const cr = 13;
const lf = 10;
export const headEnd = Buffer.from("\r\n\r\n");
const max_head_bytes = 32_768;

/** INPUT without the empty lines that may stand before a request (RFC 9112 2.2). */
export function withoutEmptyLines(input: Buffer): Buffer {
  let start = 0;
  while (input[start] === cr && input[start + 1] === lf) start += 2;
  return start === 0 ? input : input.subarray(start);
}

/** Where the body begins behind the head at the beginning of INPUT; -1 when more must come. Throws a `ProtocolError`. */
export function endOfHead(input: Buffer): number {
  const end = input.indexOf(headEnd);
  if ((end === -1 ? input.length : end) > max_head_bytes) {
    throw new ProtocolError("The headers are too long.", 431);
  }
  if (end !== -1) return end + headEnd.length;
  if (hasBareLineFeed(input)) throw new ProtocolError(bareLineFeed);
  return -1;
}

/**
 * For a head of which the end is not here. Whoever ends lines with LF alone ends the head so too, and would
 * wait for an answer to what looks unfinished.
 */
export function hasBareLineFeed(head: Buffer): boolean {
  for (let at = head.indexOf(lf); at !== -1; at = head.indexOf(lf, at + 1)) {
    if (head[at - 1] !== cr) return true;
  }
  return false;
}

const bareLineFeed = "A line of the head ends with a line feed alone. End each with CR and LF.";
