import { Fields } from "./fields.ts";
import { ProtocolError } from "./protocol-error.ts";

export interface RequestHead {
  method: string;
  /** Path and query, as sent. */
  target: string;
  /** 0 for HTTP/1.0. */
  minorVersion: number;
  fields: Fields;
  /** Bytes that follow; -1: in chunks. */
  length: number;
  keepAlive: boolean;
  expectsContinue: boolean;
}

// Bytes above ASCII are let through in a target: old clients do not encode them.
const requestLine = /^([A-Z]{1,16}) ([!-~\x80-\xff]+) HTTP\/1\.([01])$/;
const maxTargetBytes = 8_192;
/** What may stand once only: two readers would each take another one. */
const single = [
  ...["host", "content-length", "transfer-encoding"],
  ...["content-type", "authorization", "expect"],
];
const lineEnd = Buffer.from("\r\n");

/**
 * Reads the head of a request (RFC 9112), which are the BYTES up to END. Whatever two readers could
 * understand in two ways is refused with a `ProtocolError`.
 */
export function parseRequestHead(bytes: Buffer, end: number): RequestHead {
  let start = 0;
  // Empty lines before a request are to be ignored (RFC 9112 2.2).
  while (bytes[start] === 13 && bytes[start + 1] === 10) start += 2;
  const found = bytes.indexOf(lineEnd, start);
  const firstEnd = found === -1 || found > end ? end : found;
  const match = requestLine.exec(bytes.toString("latin1", start, firstEnd));
  if (!match) throw new ProtocolError("The request line is broken.");
  const [, method = "", target = "", minor] = match;
  if (target.length > maxTargetBytes) throw new ProtocolError("The address is too long.", 414);
  const fields = new Fields(bytes, firstEnd + 2, end);
  for (const name of single) {
    if (fields.count(name) > 1) throw new ProtocolError(`The header ${name} is there twice.`);
  }
  const minorVersion = Number(minor);
  if (minorVersion === 1 && fields.count("host") === 0) {
    throw new ProtocolError("The header host is missing.");
  }
  return {
    method,
    target: originForm(target),
    minorVersion,
    fields,
    length: lengthOf(fields, minorVersion),
    keepAlive: keepsAlive(fields, minorVersion),
    expectsContinue: minorVersion === 1 && expectsContinue(fields),
  };
}

/** A server must understand the absolute form too (RFC 9112 3.2.2), and we are the only host here. */
function originForm(target: string): string {
  if (target.startsWith("/")) return target;
  const absolute = /^https?:\/\/[^/?#]+(.*)$/i.exec(target);
  if (absolute) return absolute[1]?.startsWith("/") ? absolute[1] : `/${absolute[1] ?? ""}`;
  if (target === "*") return target;
  throw new ProtocolError("The target of the request must be a path.");
}

function lengthOf(fields: Fields, minorVersion: number): number {
  const coding = fields.get("transfer-encoding");
  const length = fields.get("content-length");
  if (coding !== null) {
    // With both, one reader takes the one and another the other: request smuggling (RFC 9112 6.1).
    if (length !== null) throw new ProtocolError("The request has two body lengths.");
    if (minorVersion === 0) throw new ProtocolError("HTTP/1.0 has no transfer codings.");
    if (coding.toLowerCase() === "chunked") return -1;
    throw new ProtocolError("The only transfer coding understood here is chunked.", 501);
  }
  if (length === null) return 0;
  if (!/^[0-9]{1,15}$/.test(length)) throw new ProtocolError("The content-length is broken.");
  return Number(length);
}

function keepsAlive(fields: Fields, minorVersion: number): boolean {
  const connection = fields.get("connection")?.toLowerCase();
  if (minorVersion === 0) return connection === "keep-alive";
  return connection === undefined || !/(^|[ ,])close($|[ ,])/.test(connection);
}

function expectsContinue(fields: Fields): boolean {
  const expectation = fields.get("expect");
  if (expectation === null) return false;
  if (expectation.toLowerCase() === "100-continue") return true;
  throw new ProtocolError("The only expectation understood here is 100-continue.", 417);
}
