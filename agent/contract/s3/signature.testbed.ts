/** Says as a store does whether a request is signed rightly: by AWS's own implementation, not by the one that signed. */
import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { SignatureV4 } from "@smithy/signature-v4";

export interface TestKeys {
  access_key_id: string;
  secret_access_key: string;
  region: string;
}

const longest_skew_ms = 15 * 60_000;

/** The code of S3's error; undefined when all is right. */
export async function signatureFault(
  request: IncomingMessage,
  keys: TestKeys,
  now_ms: number,
): Promise<string | undefined> {
  const { method = "GET", url = "/", headers } = request;
  const [, id, region, signed = ""] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=/.exec(
      headers.authorization ?? "",
    ) ?? [];
  if (id === undefined) return "AccessDenied";
  if (id !== keys.access_key_id) return "InvalidAccessKeyId";
  if (region !== keys.region) return "AuthorizationHeaderMalformed";
  const signingDate = dateIn(String(headers["x-amz-date"]));
  if (Math.abs(signingDate.getTime() - now_ms) > longest_skew_ms) return "RequestTimeTooSkewed";
  const names = signed.split(";");
  const unsigned = Object.keys(headers).some(
    (name) => /^x-amz-/.test(name) && !names.includes(name),
  );
  if (unsigned || !names.includes("host")) return "AccessDenied";
  const { pathname, searchParams } = new URL(url, "http://store");
  const signer = new SignatureV4({
    service: "s3",
    region,
    uriEscapePath: false,
    applyChecksum: false,
    sha256: Sha256,
    credentials: { accessKeyId: id, secretAccessKey: keys.secret_access_key },
  });
  const again = await signer.sign(
    {
      method,
      protocol: "http:",
      hostname: "store",
      path: pathname,
      query: Object.fromEntries(searchParams),
      headers: Object.fromEntries(names.map((name) => [name, String(headers[name])])),
    },
    { signingDate, signableHeaders: new Set(names) },
  );
  const right = again.headers["authorization"] === headers.authorization;
  return right ? undefined : "SignatureDoesNotMatch";
}

const dateIn = (text: string): Date =>
  new Date(text.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));

class Sha256 {
  readonly #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash =
      secret === undefined ? createHash("sha256") : createHmac("sha256", secret as string);
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(data as string);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error("It is used once.");
  }
}
