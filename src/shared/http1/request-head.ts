/** The head of a request, and why one is refused. Pure. */
import { Fields } from "./fields.ts";
import { headEnd } from "./head-lines.ts";
import { elementsOf } from "./list.ts";
import { ProtocolError } from "./protocol-error.ts";
import { checkHost, parseTarget } from "./target.ts";

export interface RequestHead {
  method: string;
  /** As sent, and as every reader normalises it: see `parseTarget`. */
  path: string;
  /** Path and query. */
  target: string;
  /** 0 for HTTP/1.0. */
  minorVersion: number;
  fields: Fields;
  /** Bytes that follow; -1: in chunks. */
  length: number;
  keepAlive: boolean;
  expectsContinue: boolean;
}

const requestLine = /^([A-Z]{1,16}) ([!-~\x80-\xff]+) HTTP\/1\.([01])$/;
const max_target_bytes = 8_192;
/** What may stand once only: two readers would each take another one. */
const single = [
  ...["host", "content-length", "transfer-encoding"],
  ...["content-type", "authorization", "expect"],
];
const lineEnd = Buffer.from("\r\n");

/**
 * Reads the head of a request (RFC 9112): the BYTES up to BODYAT, empty line and all. Whatever two
 * readers could understand in two ways is refused with a `ProtocolError`.
 */
export function parseRequestHead(bytes: Buffer, bodyAt: number): RequestHead {
  const end = bodyAt - headEnd.length;
  const found = bytes.indexOf(lineEnd);
  const firstEnd = found === -1 || found > end ? end : found;
  const match = requestLine.exec(bytes.toString("latin1", 0, firstEnd));
  if (!match) throw new ProtocolError("The request line is broken.");
  const [, method = "", said = "", minor] = match;
  if (said.length > max_target_bytes) throw new ProtocolError("The address is too long.", 414);
  const fields = new Fields(bytes, firstEnd + 2, end);
  for (const name of single) {
    if (fields.count(name) > 1) throw new ProtocolError(`The header ${name} is there twice.`);
  }
  const minorVersion = Number(minor);
  const host = fields.get("host");
  if (host !== null) checkHost(host);
  else if (minorVersion === 1) throw new ProtocolError("The header host is missing.");
  const { path, target } = parseTarget(method, said);
  return {
    method,
    path,
    target,
    minorVersion,
    fields,
    length: lengthOf(fields, minorVersion),
    // What follows a CONNECT is not HTTP for whoever has let it through (RFC 9110 9.3.6).
    keepAlive: method !== "CONNECT" && keepsAlive(fields, minorVersion),
    expectsContinue: minorVersion === 1 && expectsContinue(fields),
  };
}

function lengthOf(fields: Fields, minorVersion: number): number {
  const coding = fields.get("transfer-encoding");
  const length = fields.get("content-length");
  if (coding !== null) {
    // With both, one reader takes the one and another the other: request smuggling (RFC 9112 6.1).
    if (length !== null) throw new ProtocolError("The request has two body lengths.");
    if (minorVersion === 0) throw new ProtocolError("HTTP/1.0 has no transfer codings.");
    if (fields.hasTabBehind("transfer-encoding")) throw new ProtocolError(tabBehind);
    if (coding.toLowerCase() === "chunked") return -1;
    throw new ProtocolError("The only transfer coding understood here is chunked.", 501);
  }
  if (length === null) return 0;
  if (!/^[0-9]{1,15}$/.test(length)) throw new ProtocolError("The content-length is broken.");
  if (fields.hasTabBehind("content-length")) throw new ProtocolError(tabBehind);
  return Number(length);
}

const tabBehind = "The length of the body has a tab behind it. Send it without.";

function keepsAlive(fields: Fields, minorVersion: number): boolean {
  const options = fields.get("connection");
  if (options === null) return minorVersion === 1;
  const wanted = elementsOf(options);
  return !wanted.includes("close") && (minorVersion === 1 || wanted.includes("keep-alive"));
}

function expectsContinue(fields: Fields): boolean {
  const expectation = fields.get("expect");
  if (expectation === null) return false;
  if (expectation.toLowerCase() === "100-continue") return true;
  throw new ProtocolError("The only expectation understood here is 100-continue.", 417);
}
