import { ProtocolError } from "./fault.ts";

/** Status line and header section. Names are lower-case; repeated fields are joined by ", ". */
export interface ResponseHead {
  status: number;
  /** 0 for HTTP/1.0, 1 for HTTP/1.1. */
  minorVersion: number;
  headers: ReadonlyMap<string, string>;
}

/** How the length of a body is known (RFC 9112 6.3). */
export type Framing = { by: "length"; length: number } | { by: "chunks" } | { by: "close" };

const statusLine = /^HTTP\/1\.([01]) ([1-5][0-9]{2})(?: |$)/;
const fieldName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** TEXT is everything before the empty line, decoded as latin1. Throws `ProtocolError`. */
export function parseHead(text: string): ResponseHead {
  const lines = text.split("\r\n");
  const match = statusLine.exec(lines[0] ?? "");
  if (!match) throw new ProtocolError("The runtime sent a broken status line.");
  const headers = new Map<string, string>();
  for (let index = 1; index < lines.length; index++) addField(headers, lines[index] ?? "");
  return { minorVersion: Number(match[1]), status: Number(match[2]), headers };
}

function addField(headers: Map<string, string>, line: string): void {
  const colon = line.indexOf(":");
  const name = line.slice(0, colon);
  // A name with a space before the colon, or a folded line, is how responses get split (RFC 9112 5.1).
  if (colon <= 0 || !fieldName.test(name)) {
    throw new ProtocolError("The runtime sent a broken header line.");
  }
  const value = line.slice(colon + 1).trim();
  if (/[\0\r\n]/.test(value)) throw new ProtocolError("The runtime sent a broken header value.");
  const key = name.toLowerCase();
  const before = headers.get(key);
  headers.set(key, before === undefined ? value : `${before}, ${value}`);
}

/** Throws `ProtocolError` where two readers could disagree about the length. */
export function framingOf(head: ResponseHead): Framing {
  const coding = head.headers.get("transfer-encoding");
  const length = head.headers.get("content-length");
  if (coding !== undefined) {
    if (length !== undefined) throw new ProtocolError("The runtime sent two body lengths.");
    if (coding.toLowerCase() !== "chunked") {
      throw new ProtocolError("The runtime used a transfer coding other than chunked.");
    }
    return { by: "chunks" };
  }
  if (head.status === 204 || head.status === 304) return { by: "length", length: 0 };
  if (length === undefined) return { by: "close" };
  if (!/^[0-9]{1,15}$/.test(length)) throw new ProtocolError("The runtime sent a broken length.");
  return { by: "length", length: Number(length) };
}

export function keepsAlive(head: ResponseHead): boolean {
  const connection = head.headers.get("connection")?.toLowerCase();
  return head.minorVersion === 1 ? connection !== "close" : connection === "keep-alive";
}
