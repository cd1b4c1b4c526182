/**
 * What `hypervize hosts join-token` prints and `hypervize agent --join` reads: everything that a new
 * host needs to trust a control plane that it has never met. One line, safe in a shell and a URL.
 */
export interface JoinToken {
  /** Where agents dial the control plane, "host:port", in the order in which to try them. */
  addresses: readonly string[];
  /** SHA-256 over the DER of the control plane's CA certificate, 64 lower-case hex digits. */
  ca_sha256: string;
  /** One-time secret, letters and digits, at least 128 bits (22 characters of base 62). */
  secret: string;
}

const prefix = "hvj_";
const address_pattern = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})$/;
const sha256 = /^[0-9a-f]{64}$/;
const secret = /^[0-9A-Za-z]{22,128}$/;

/** Throws an Error with one sentence when a part is not as JoinToken says. */
export function encodeJoinToken(token: JoinToken): string {
  const fault = faultOf(token);
  if (fault !== undefined) throw new Error(`The join token cannot be made: ${fault}.`);
  const parts = { a: token.addresses, c: token.ca_sha256, s: token.secret };
  return prefix + Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/** Throws an Error with one sentence for a person; the sentence never repeats the token. */
export function decodeJoinToken(text: string): JoinToken {
  const trimmed = text.trim();
  if (!trimmed.startsWith(prefix)) {
    throw new Error(
      `This is not a join token: it should begin with ${prefix}. Copy the whole line that \`hypervize hosts join-token\` printed.`,
    );
  }
  const token = partsOf(trimmed.slice(prefix.length));
  const fault = token === undefined ? "a part of it is missing" : faultOf(token);
  if (token === undefined || fault !== undefined) {
    throw new Error(
      `This join token is damaged: ${fault}. Copy the whole line that \`hypervize hosts join-token\` printed.`,
    );
  }
  return token;
}

/** True when the text is one "host:port" that an agent can dial; IPv6 goes in brackets. */
export function isDialAddress(text: string): boolean {
  const port = Number(address_pattern.exec(text)?.[1]);
  return port >= 1 && port <= 65535;
}

function faultOf(token: JoinToken): string | undefined {
  if (token.addresses.length === 0) return "it names no address of the control plane";
  const wrong = token.addresses.find((address) => !isDialAddress(address));
  if (wrong !== undefined)
    return `${JSON.stringify(wrong)} is not an address of the form host:port`;
  if (!sha256.test(token.ca_sha256)) return "its CA fingerprint is not a SHA-256 in hex";
  if (!secret.test(token.secret)) return "its secret is too short or has invalid characters";
  return undefined;
}

function partsOf(encoded: string): JoinToken | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(encoded, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
  if (typeof parts !== "object" || parts === null) return undefined;
  const { a, c, s } = parts as Record<string, unknown>;
  if (!Array.isArray(a) || !a.every((entry) => typeof entry === "string")) return undefined;
  if (typeof c !== "string" || typeof s !== "string") return undefined;
  return { addresses: a, ca_sha256: c, secret: s };
}
