export interface Address {
  host: string;
  port: number;
  /** Set when the port is that of a host's relay, which is spoken to in TLS. */
  relay?: RelayedTo;
}

export interface RelayedTo {
  /** Names the replica to the relay. */
  server_name: string;
  /** SHA-256 of the host's certificate (DER), lower-case hex. */
  certificate_sha256: string;
}

/**
 * What goes to a runtime; the host and the length are ours to write. Header values come from
 * `Headers`, which holds no CR, LF or NUL, and paths from our own table, so nothing is escaped here.
 */
export interface UpstreamRequest {
  method: "GET" | "POST";
  path: string;
  headers: readonly (readonly [name: string, value: string])[];
  body: string;
}

/** The whole request in one buffer, so that a small one leaves in one system call. */
export function encodeRequest(address: Address, request: UpstreamRequest): Buffer {
  let head = `${request.method} ${request.path} HTTP/1.1\r\nhost: ${address.host}:${address.port}\r\n`;
  for (const [name, value] of request.headers) head += `${name}: ${value}\r\n`;
  const length = Buffer.byteLength(request.body);
  return Buffer.from(`${head}content-length: ${length}\r\n\r\n${request.body}`);
}
