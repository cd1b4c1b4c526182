import { STATUS_CODES } from "node:http";
import type { BodyStream } from "./body-stream.ts";
import type { RequestHead } from "./request-head.ts";

/** What a request is answered with. Names of headers are lower-case; the framing is the server's to write. */
export interface Answer {
  status: number;
  headers: Readonly<Record<string, string>> | readonly (readonly [name: string, value: string])[];
  /** Bytes must not be changed any more. */
  body: Uint8Array | string | BodyStream | null;
}

const nothing = Buffer.alloc(0);

/** How the length of a body is given: in the head, chunk by chunk, or by closing the connection. */
export type Framing = number | "chunks" | "close";

/** A stream's framing: HTTP/1.0 does not know chunks. */
export const streamFraming = ({ minorVersion }: RequestHead): Framing =>
  minorVersion === 0 ? "close" : "chunks";

/** Ends with its head, whatever its headers say (RFC 9112 6.3). */
export const isBodyless = ({ status }: Answer, { method }: RequestHead): boolean =>
  method === "HEAD" || status === 204 || status === 304;

/** The head of an answer. KEEPALIVE: another request may follow on the connection. */
export function encodeHead(
  { status, headers }: Answer,
  request: Pick<RequestHead, "minorVersion">,
  framing: Framing,
  keepAlive: boolean,
): string {
  let head = `${statusLines[status] ?? statusLine(status)}date: ${date()}\r\n`;
  if (Symbol.iterator in headers) {
    for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
  } else for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
  // RFC 9110 8.6: neither has a body, so neither may seem to.
  if (status !== 204 && status !== 304) {
    if (framing === "chunks") head += "transfer-encoding: chunked\r\n";
    else if (framing !== "close") head += `content-length: ${framing}\r\n`;
  }
  if (!keepAlive) return `${head}connection: close\r\n\r\n`;
  return request.minorVersion === 0 ? `${head}connection: keep-alive\r\n\r\n` : `${head}\r\n`;
}

/** A body that is no larger is joined to its head: a small answer leaves in one system call. */
const max_joined_bytes = 65_536;

/** A whole answer. A large body stays as it is: slow readers of one file must not have a copy each. */
export function encodeAnswer(
  answer: Answer,
  body: Uint8Array | string,
  request: RequestHead,
  keepAlive: boolean,
): readonly (Uint8Array | string)[] {
  const head = encodeHead(answer, request, Buffer.byteLength(body), keepAlive);
  if (isBodyless(answer, request)) return [head];
  if (typeof body === "string") return [head + body];
  if (body.length > max_joined_bytes) return [head, body];
  const bytes = Buffer.allocUnsafe(head.length + body.length);
  bytes.write(head, 0, "latin1");
  bytes.set(body, head.length);
  return [bytes];
}

/** A whole answer that is its connection's last. */
export function encodeRefusal(answer: Answer & { body: string }): string {
  const length = Buffer.byteLength(answer.body);
  return encodeHead(answer, { minorVersion: 1 }, length, false) + answer.body;
}

/** One chunk that carries BYTES (RFC 9112 7.1). */
export function encodeChunk(bytes: Uint8Array): Buffer {
  const size = `${bytes.length.toString(16)}\r\n`;
  const chunk = Buffer.allocUnsafe(size.length + bytes.length + 2);
  chunk.write(size, 0, "latin1");
  chunk.set(bytes, size.length);
  chunk[chunk.length - 2] = 13;
  chunk[chunk.length - 1] = 10;
  return chunk;
}

export const lastChunk = Buffer.from("0\r\n\r\n");
export const noBytes = nothing;

const statusLine = (status: number): string =>
  `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n`;

const statusLines: Readonly<Record<number, string>> = Object.fromEntries(
  Object.keys(STATUS_CODES).map((status) => [status, statusLine(Number(status))]),
);

let dateText = "";
let dateSecond = 0;

/** RFC 9110 6.6.1: a server with a clock says the time; once a second is as exact as the header. */
function date(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(second * 1000).toUTCString();
  }
  return dateText;
}
