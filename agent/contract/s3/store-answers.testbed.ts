/** What a store answers about objects that it has. */
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

export interface TestObject {
  body: Uint8Array;
  /** Uploaded in parts of so many bytes. */
  part_bytes?: number;
  /** How it takes `?partNumber`: Ceph 16.2.15 ignores it, Swift's s3api 2.30.1 answers 405, others may with 501. */
  part_number?: "ignored" | 405 | 501;
  /** Uploaded with its SHA-256. */
  sha256?: true;
  /** Of every answer about it. */
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

const xml = '<?xml version="1.0" encoding="UTF-8"?>\n';

export function errorAnswer(status: number, code: string): Answer {
  const body = code === "" ? "" : `${xml}<Error><Code>${code}</Code><Message>m</Message></Error>`;
  return { status, headers: { "content-type": "application/xml" }, body: Buffer.from(body) };
}

export interface ListHabits {
  page_keys: number;
  /** 1: ListObjects, whatever is asked for, and keys as they are, as s3rver 2.2.9 does. */
  version: 1 | 2;
}

/** ListObjectsV2, or its first version. */
export function listAnswer(
  objects: ReadonlyMap<string, TestObject>,
  query: URLSearchParams,
  { page_keys, version }: ListHabits,
): Answer {
  if (query.get("list-type") !== "2") return errorAnswer(400, "InvalidArgument");
  const isEncoded = version === 2 && query.get("encoding-type") === "url";
  const prefix = query.get("prefix") ?? "";
  const token_in = Buffer.from(query.get("continuation-token") ?? "", "base64url").toString();
  const after = version === 1 ? (query.get("marker") ?? "") : token_in;
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  const page = keys.slice(0, page_keys);
  const last = page.at(-1);
  const more = keys.length > page.length && last !== undefined;
  const token = Buffer.from(last ?? "").toString("base64url");
  const entries = page.map((key) => {
    const object = objects.get(key) ?? { body: Buffer.alloc(0) };
    const shown = isEncoded
      ? encodeURIComponent(key).replaceAll("%20", "+")
      : key.replaceAll("&", "&amp;");
    return `<Contents><Key>${shown}</Key><ETag>&quot;${etagOf(object)}&quot;</ETag><Size>${object.body.length}</Size></Contents>`;
  });
  const next =
    more && version === 2 ? `<NextContinuationToken>${token}</NextContinuationToken>` : "";
  const body = `${xml}<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${
    isEncoded ? "<EncodingType>url</EncodingType>" : ""
  }<IsTruncated>${more}</IsTruncated>${entries.join("")}${next}</ListBucketResult>`;
  return { status: 200, headers: { "content-type": "application/xml" }, body: Buffer.from(body) };
}

/** HEAD or GET. SENT: other bytes than the object's. */
export function objectAnswer(
  object: TestObject,
  { range, "if-match": if_match, "x-amz-checksum-mode": mode }: IncomingHttpHeaders,
  query: URLSearchParams,
  sent: Uint8Array = object.body,
): Answer {
  const etag = `"${etagOf(object)}"`;
  if (if_match !== undefined && if_match !== etag) return errorAnswer(412, "PreconditionFailed");
  const told = mode === "ENABLED" &&
    object.sha256 && {
      "x-amz-checksum-sha256": createHash("sha256").update(object.body).digest("base64"),
      "x-amz-checksum-type": "FULL_OBJECT",
    };
  const headers = { etag, "accept-ranges": "bytes", ...told, ...object.headers };
  const of = sent.length;
  if (query.get("partNumber") === "1" && object.part_bytes !== undefined) {
    const { part_bytes, part_number } = object;
    if (part_number === undefined) {
      return { status: 206, headers, body: sent.subarray(0, part_bytes) };
    }
    if (part_number !== "ignored") return errorAnswer(part_number, "NotImplemented");
  }
  if (range === undefined) return { status: 200, headers, body: sent };
  const [, first, end] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
  const from = Number(first);
  if (!(from < of)) return errorAnswer(416, "InvalidRange");
  const to = end ? Math.min(of, Number(end) + 1) : of;
  const content_range = `bytes ${from}-${to - 1}/${of}`;
  return {
    status: 206,
    headers: { ...headers, "content-range": content_range },
    body: sent.subarray(from, to),
  };
}

export function etagOf({ body, part_bytes }: TestObject): string {
  const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest();
  if (part_bytes === undefined) return md5(body).toString("hex");
  const count = Math.ceil(body.length / part_bytes);
  const parts = Array.from({ length: count }, (_, i) =>
    md5(body.subarray(i * part_bytes, (i + 1) * part_bytes)),
  );
  return `${md5(Buffer.concat(parts)).toString("hex")}-${count}`;
}
