/** Requests to an S3-compatible store, signed (AWS Signature Version 4). */
import { isIP } from "node:net";
import { AwsV4Signer } from "aws4fetch";
import type { S3Access } from "../protocol/messages.ts";

export interface S3Ask {
  method: "GET" | "HEAD";
  bucket: string;
  /** Without one it is about the bucket. */
  key?: string;
  query?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
}

export interface SignedRequest {
  url: string;
  headers: Record<string, string>;
}

/** Where nobody says; self-hosted stores take it, too. */
const usual_region = "us-east-1";

/** NOW_MS: the store refuses a time that is a quarter of an hour from its own. */
export async function signedRequest(
  access: S3Access,
  { method, bucket, key, query = {}, headers = {} }: S3Ask,
  now_ms: number,
): Promise<SignedRequest> {
  const base = new URL(access.endpoint);
  const path_style = access.path_style || !goesIntoHost(bucket, base);
  const path = (key ?? "").split("/").map(encoded).join("/");
  if (!path_style) base.hostname = `${bucket}.${base.hostname}`;
  base.pathname = `${base.pathname.replace(/\/+$/, "")}${path_style ? `/${bucket}` : ""}/${path}`;
  base.search = Object.entries(query)
    .map(([name, value]) => `${name}=${encoded(value)}`)
    .join("&");
  const signer = new AwsV4Signer({
    method,
    url: base.href,
    service: "s3",
    region: access.region || usual_region,
    accessKeyId: access.access_key_id,
    secretAccessKey: access.secret_access_key,
    datetime: new Date(now_ms).toISOString().replace(/[:-]|\.\d{3}/g, ""),
    headers: { ...headers },
  });
  const signed = await signer.sign();
  // Ranges count the bytes of the object itself. Not signed: proxies on the way rewrite it.
  const plain = { "accept-encoding": "identity" };
  return { url: signed.url.href, headers: { ...Object.fromEntries(signed.headers), ...plain } };
}

/** As AWS's own programs do: a dot in the bucket's name fits no certificate, and an address takes no name before it. */
const goesIntoHost = (bucket: string, { hostname, protocol }: URL): boolean =>
  !isIP(hostname.replace(/^\[(.*)\]$/, "$1")) &&
  (protocol === "https:" ? /^[a-z0-9-]+$/ : /^[a-z0-9.-]+$/).test(bucket);

/** Sent as it is signed: by RFC 3986, which encodes more than a browser. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** Header by which a store tells the checksum that was uploaded with the object. */
export const askChecksum = { "x-amz-checksum-mode": "ENABLED" };
