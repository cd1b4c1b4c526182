/** By which checksum an object of a store is judged. Pure. */
import { bareTag } from "../../contract/s3/listing.ts";
import { partsDigest } from "../file-hash.ts";
import { unchecked } from "../hub/blob-records.ts";

export interface ObjectHeaders {
  /** Of a HEAD of the whole object, asked for its checksum. */
  head: Pick<Headers, "get">;
  bytes: number;
  /** Of the first part, where the store tells it. */
  part_bytes: number | undefined;
}

/**
 * The SHA-256 that was uploaded with it; else the MD5 that an ETag is, of an upload in parts the MD5 of their
 * MD5s. Where the ETag is neither (encrypted by KMS or the client's key, parts of unknown size), the MD5 that
 * the uploader noted; else the ETag says only whether the object is still the same.
 */
export function objectDigest({ head, bytes, part_bytes }: ObjectHeaders): string {
  const sha256 = uploadedSha256(head);
  if (sha256 !== undefined) return sha256;
  const etag = bareTag(head.get("etag") ?? "");
  const last = uploadersMd5(head) ?? unchecked(etag, bytes);
  if (isEncrypted(head)) return last;
  if (/^[0-9a-f]{32}$/.test(etag)) return etag;
  const parts = partsIn(etag);
  const fits = part_bytes !== undefined && Math.ceil(bytes / part_bytes) === parts;
  return fits ? partsDigest(etag, part_bytes) : last;
}

/**
 * In hex, as rclone (`X-Amz-Meta-Md5chksum`, base64) and s3cmd (`md5:` among its attributes) note it beside what
 * they upload in parts: Ceph 16 and Swift's s3api 2.30 do not tell the size of parts.
 */
function uploadersMd5(head: Pick<Headers, "get">): string | undefined {
  const base64 = head.get("x-amz-meta-md5chksum") ?? "";
  if (/^[A-Za-z0-9+/]{22}==$/.test(base64)) return Buffer.from(base64, "base64").toString("hex");
  return /(?:^|\/)md5:([0-9a-f]{32})(?:\/|$)/.exec(head.get("x-amz-meta-s3cmd-attrs") ?? "")?.[1];
}

/** In hex. A checksum of checksums of parts is none of the content. */
export function uploadedSha256(head: Pick<Headers, "get">): string | undefined {
  const base64 = head.get("x-amz-checksum-sha256") ?? "";
  const isWhole = (head.get("x-amz-checksum-type") ?? "FULL_OBJECT") === "FULL_OBJECT";
  if (!isWhole || !/^[A-Za-z0-9+/]{43}=$/.test(base64)) return undefined;
  return Buffer.from(base64, "base64").toString("hex");
}

/** How many parts it was uploaded in; undefined for one that was uploaded at once. */
export function partsIn(etag: string): number | undefined {
  const count = /^[0-9a-f]{32}-(\d{1,5})$/.exec(etag)?.[1];
  return count === undefined || Number(count) === 0 ? undefined : Number(count);
}

function isEncrypted(head: Pick<Headers, "get">): boolean {
  const by = head.get("x-amz-server-side-encryption") ?? "";
  const own = head.get("x-amz-server-side-encryption-customer-algorithm");
  return by.startsWith("aws:kms") || own !== null;
}

/** What `sha256sum` has written: SHA-256 in hex by name. */
export function sumsIn(text: string): ReadonlyMap<string, string> {
  const lines = text
    .split("\n")
    .map((line) => /^([0-9a-fA-F]{64}) [ *](?:\.\/)?(.+?)\r?$/.exec(line));
  return new Map(
    lines.flatMap((parts) => (parts ? [[parts[2] ?? "", (parts[1] ?? "").toLowerCase()]] : [])),
  );
}
