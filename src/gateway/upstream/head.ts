import { Fields } from "../../shared/http1/fields.ts";
import { elementsOf } from "../../shared/http1/list.ts";
import { ProtocolError } from "../../shared/http1/protocol-error.ts";

/** Status line and header section. */
export interface ResponseHead {
  status: number;
  /** 0 for HTTP/1.0, 1 for HTTP/1.1. */
  minorVersion: number;
  headers: Fields;
}

/** How the length of a body is known (RFC 9112 6.3). */
export type Framing = { by: "length"; length: number } | { by: "chunks" } | { by: "close" };

const statusLine = /^HTTP\/1\.([01]) ([1-5][0-9]{2})(?: |$)/;
/** The length of a head is bounded anyway. */
const most_headers = 1_000;
const lineEnd = Buffer.from("\r\n");

/** The head is the BYTES up to END. Throws `ProtocolError`. */
export function parseHead(bytes: Buffer, end: number): ResponseHead {
  const found = bytes.indexOf(lineEnd);
  const firstEnd = found === -1 || found > end ? end : found;
  const match = statusLine.exec(bytes.toString("latin1", 0, firstEnd));
  if (!match) throw new ProtocolError("The runtime sent a broken status line.");
  const headers = new Fields(bytes, firstEnd + 2, end, most_headers);
  return { minorVersion: Number(match[1]), status: Number(match[2]), headers };
}

/** Throws `ProtocolError` where two readers could disagree about the length. */
export function framingOf(head: ResponseHead): Framing {
  // Whatever its headers say (RFC 9112 6.3, the first rule).
  if (isBodyless(head)) return { by: "length", length: 0 };
  const coding = head.headers.get("transfer-encoding");
  const length = head.headers.get("content-length");
  if (coding !== null) {
    if (length !== null) throw new ProtocolError("The runtime sent two body lengths.");
    if (coding.toLowerCase() !== "chunked") {
      throw new ProtocolError("The runtime used a transfer coding other than chunked.");
    }
    return { by: "chunks" };
  }
  if (length === null) return { by: "close" };
  if (!/^[0-9]{1,15}$/.test(length)) throw new ProtocolError("The runtime sent a broken length.");
  return { by: "length", length: Number(length) };
}

const isBodyless = ({ status }: ResponseHead): boolean =>
  status < 200 || status === 204 || status === 304;

/**
 * Whether another request may follow the answer. Only an answer that every reader takes alike leaves its connection
 * in a state that is known: what comes behind another one would be the next user's.
 */
export function keepsAlive(head: ResponseHead): boolean {
  const options = elementsOf(head.headers.get("connection"));
  const isAgreed = options.every((option) => option === "keep-alive");
  return isAgreed && (head.minorVersion === 1 || options.length > 0) && !hasOddFraming(head);
}

/** It says that a body follows where none may, or how it is framed in a version that does not know that. */
export function hasOddFraming(head: ResponseHead): boolean {
  const { headers, minorVersion } = head;
  if (!isBodyless(head)) return minorVersion === 0 && headers.count("transfer-encoding") > 0;
  const length = headers.get("content-length");
  return headers.count("transfer-encoding") > 0 || (length !== null && length !== "0");
}
