/** What a request line asks for, read so that every reader takes it alike. Pure. */
import { ProtocolError } from "./protocol-error.ts";

/** What a request line asks for. */
export interface Target {
  /** Without the query. */
  path: string;
  /** Path and query. */
  target: string;
}

/** What nearly all paths are. */
const plain = /^(?:\/[A-Za-z0-9_-]+)+$/;
/** Characters of a path (RFC 3986 3.3): what is not among them, one reader encodes and another does not. */
const pathForm = /^\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/;
/** Bytes above ASCII are let through in a query: old clients do not encode them, and nothing is routed by it. */
const queryForm = /^[!"$-[\]-~\x80-\xff]*$/;
/** Encoded characters that need not be: one reader decodes them before it compares, and another does not. */
const needlessly = /%(?:2[DdEe]|3[0-9]|4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9AaEe])/;
/** Control characters and the backslash, which for some readers is a slash. */
const forbidden = /%(?:[01][0-9A-Fa-f]|5[Cc]|7[Ff])/;
/**
 * A segment that is `.` or `..`; an encoded slash may end it for the next reader. An empty one leads nowhere, for us
 * and for `URL`: 404.
 */
const unstable = /(?:\/|%2[Ff])\.{1,2}(?:\/|%2[Ff]|$)/;

/**
 * Reads the target of a request (RFC 9112 3.2). A path must be written as every reader would write it: a proxy in
 * front, our routes and `URL` behind them each normalise by their own rules, and whoever is let through by the
 * one must not arrive elsewhere by the other.
 */
export function parseTarget(method: string, said: string): Target {
  if (said === "*" && method === "OPTIONS") return { path: said, target: said };
  const target = originForm(said);
  const query = target.indexOf("?");
  const path = query === -1 ? target : target.slice(0, query);
  if (!plain.test(path)) checkPath(path);
  if (query !== -1 && !queryForm.test(target.slice(query))) throw new ProtocolError(strangeQuery);
  return { path, target };
}

/** A server must understand the absolute form too (RFC 9112 3.2.2), and we are the only host here. */
function originForm(said: string): string {
  if (said.startsWith("/")) return said;
  const [, authority, rest] = /^https?:\/\/([^/?#\\]+)(.*)$/i.exec(said) ?? [];
  if (authority === undefined || rest === undefined) {
    throw new ProtocolError("The target of the request must be a path.");
  }
  checkHost(authority);
  return rest.startsWith("/") ? rest : `/${rest}`;
}

function checkPath(path: string): void {
  if (!pathForm.test(path) || forbidden.test(path)) throw new ProtocolError(strangePath);
  if (needlessly.test(path)) throw new ProtocolError(encodedPath);
  if (unstable.test(path)) throw new ProtocolError(unstablePath);
}

/** A name or an address, and perhaps a port (RFC 9110 7.2). Empty when the client has no name for us. */
const host = /^(?:(?:[A-Za-z0-9\-._~!$&'()*+;=]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?)?$/;

/** Throws for a VALUE of the header host that names no host, or more than one. */
export function checkHost(value: string): void {
  if (!host.test(value)) {
    throw new ProtocolError("The header host must be one name or address, and perhaps a port.");
  }
}

const unstablePath = "The path has a segment that is `.` or `..`. Send the path that it leads to.";
const encodedPath =
  "The path has a percent-encoded letter, digit, `-`, `.`, `_` or `~`. Send these as they are.";
const strangePath =
  "The path has a character that may not stand there. Percent-encode it; a backslash and control characters may not be in a path at all.";
const strangeQuery =
  "The query has a character that may not stand there. Percent-encode `#`, backslashes and spaces.";
