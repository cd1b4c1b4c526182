import { expect, test } from "bun:test";
import { s3Problem } from "./refusal.ts";

const access = { endpoint: "http://minio.lan:9000", region: "" };
const error = (inside: string) => Buffer.from(`<?xml version="1.0"?><Error>${inside}</Error>`);

function sentenceOf(what: string, status: number, body: Uint8Array, headers = {}): string {
  const refused = { status, headers: new Headers(headers), body };
  const { kind, sentence } = s3Problem(access, what, refused, Date.now());
  expect(kind).toBe("config");
  return sentence;
}

test("a signature that does not fit may be a proxy's fault, as nginx's without the host's name", () => {
  const body = error("<Code>SignatureDoesNotMatch</Code>");
  expect(sentenceOf("s3://b", 403, body)).toContain(
    "its secret is another one, or a proxy before the store changes the host's name or the path",
  );
});

test("a store that takes its own name for a bucket says so, as Ceph 16.2.15 does", () => {
  for (const name of ["minio.lan", "b.minio.lan"]) {
    const body = error(`<Code>NoSuchBucket</Code><BucketName>${name}</BucketName>`);
    expect(sentenceOf("s3://b", 404, body)).toStartWith(
      "minio.lan:9000 does not know itself by this name",
    );
  }
});

test("an endpoint that has the bucket in it already is found out", () => {
  expect(sentenceOf("s3://b", 404, error("<Code>NoSuchKey</Code>"))).toEndWith(
    "Set up its endpoint without a bucket or a path.",
  );
});

test("a redirect is named by its origin alone, as Ceph 16.2.15 has no region for it, and else by the region", () => {
  const none = Buffer.alloc(0);
  const location = "https://eu.minio.lan:9443/b?list-type=2";
  expect(sentenceOf("s3://b", 301, none, { location })).toBe(
    "s3://b lies at https://eu.minio.lan:9443, where minio.lan:9000 redirects to. Set up that endpoint, if it is the store's.",
  );
  const headers = { location, "x-amz-bucket-region": "eu-1" };
  expect(sentenceOf("s3://b", 301, none, headers)).toContain("minio.lan:9000 says eu-1");
  expect(sentenceOf("s3://b", 301, none)).toContain("(us-east-1)");
});

test("an object that cannot even be looked at may be encrypted with its uploader's key", () => {
  expect(sentenceOf("s3://b/k", 400, Buffer.alloc(0))).toContain("uploader's own key (SSE-C).");
  expect(sentenceOf("s3://b", 400, Buffer.alloc(0))).not.toContain("SSE-C");
});

test("what a store has not implemented is no reason to wait", () => {
  expect(sentenceOf("s3://b/k", 501, error("<Code>NotImplemented</Code>"))).toContain(
    "answered 501 (NotImplemented)",
  );
});
