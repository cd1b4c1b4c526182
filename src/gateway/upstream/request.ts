import type { ProxyPlace } from "../../../agent/contract/proxy.ts";

export interface Address {
  /** Of the machine that the runtime is on; none for a service elsewhere. */
  host_id?: string;
  host: string;
  port: number;
  /**
   * Of a runtime that is dialled itself: the socket that listens there. When the runtime dies, any program of
   * the machine may take its port, and gets nothing.
   */
  listener?: number;
  /** Set when the runtime is not on this machine. */
  relay?: RelayedTo;
  /** Set when it is a service elsewhere. */
  provider?: ProvidedBy;
}

/** How a service elsewhere is spoken to. */
export interface ProvidedBy {
  /** Null: plain HTTP. */
  tls: { server_name: string } | null;
  /** In front of `/chat/completions`, without a slash at its end: `/v1`. */
  base_path: string;
  /** The value of the authorization header; empty: none. */
  authorization: string;
  /** Through which it is reached. */
  proxy?: ProxyPlace;
}

export interface RelayedTo {
  /** Names the replica to its host. */
  server_name: string;
  /** Through a connection that the host has opened to us; else HOST and PORT are those of its relay. */
  tunnel: boolean;
}

/**
 * What goes to a runtime; the host and the length are ours to write. Header values come from
 * `Headers`, which holds no CR, LF or NUL, and paths from our own table, so nothing is escaped here.
 */
export interface UpstreamRequest {
  method: "GET" | "POST";
  path: string;
  headers: readonly (readonly [name: string, value: string])[];
  /** Bytes for uploads, which are no text. */
  body: string | Uint8Array;
}

/**
 * The whole request in one piece, so that a small one leaves in one system call. Text stays text: the
 * socket takes it as it is, and a buffer in between costs more than all the rest of this.
 */
export function encodeRequest(address: Address, request: UpstreamRequest): string | Buffer {
  const { method, headers, body } = request;
  const { provider } = address;
  // A provider's address says the version by itself, and not all of them call it v1.
  const path = provider ? provider.base_path + request.path.replace(/^\/v1/, "") : request.path;
  const host = hostOf(address);
  // A proxy is asked for whole addresses (RFC 9112 3.2.2); within TLS it hears nothing.
  const proxy = provider?.tls ? undefined : provider?.proxy;
  let head = `${method} ${proxy ? `http://${host}` : ""}${path} HTTP/1.1\r\nhost: ${host}\r\n`;
  if (proxy?.authorization) head += `proxy-authorization: ${proxy.authorization}\r\n`;
  for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
  if (provider?.authorization) head += `authorization: ${provider.authorization}\r\n`;
  head += `content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return typeof body === "string" ? head + body : Buffer.concat([Buffer.from(head), body]);
}

/** Without the port that goes without saying: services behind a name compare it letter by letter. */
function hostOf({ host, port, provider }: Address): string {
  const usual = provider && (provider.tls ? 443 : 80);
  const name = host.includes(":") ? `[${host}]` : host;
  return port === usual ? name : `${name}:${port}`;
}
