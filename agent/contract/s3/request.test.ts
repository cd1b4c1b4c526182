import { expect, test } from "bun:test";
import { signedRequest } from "./request.ts";

const access = {
  endpoint: "https://s3.amazonaws.com",
  region: "us-east-1",
  path_style: false,
  access_key_id: "AKIAIOSFODNN7EXAMPLE",
  secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
const ask = { method: "GET", bucket: "examplebucket", key: "test.txt" } as const;
const now_ms = Date.parse("2013-05-24T00:00:00Z");

test("a list is signed as AWS's documentation has it (SigV4, GET Bucket)", async () => {
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const headers = { "x-amz-content-sha256": empty };
  const query = { "max-keys": "2", prefix: "J" };
  const list = { method: "GET", bucket: ask.bucket, query, headers } as const;
  const { url, headers: sent } = await signedRequest(access, list, now_ms);
  expect(url).toBe("https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J");
  expect(sent["authorization"]).toBe(
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  );
  expect(JSON.stringify(sent)).not.toContain(access.secret_access_key);
});

test("the bucket goes into the path where the store wants it so, behind the endpoint's own", async () => {
  const own = { ...access, endpoint: "http://minio:9000/s3", path_style: true, region: "" };
  const { url, headers } = await signedRequest(own, { ...ask, key: "a b/(1)+ä.gguf" }, now_ms);
  expect(url).toBe("http://minio:9000/s3/examplebucket/a%20b/%281%29%2B%C3%A4.gguf");
  expect(headers["authorization"]).toContain("/us-east-1/s3/aws4_request");
});

test.each([
  ["https://store", "models", "https://models.store/k"],
  ["https://store", "my.models", "https://store/my.models/k"],
  ["http://store", "my.models", "http://my.models.store/k"],
  ["https://store", "My_models", "https://store/My_models/k"],
  ["http://127.0.0.1:7480", "models", "http://127.0.0.1:7480/models/k"],
  ["http://[::1]:7480", "models", "http://[::1]:7480/models/k"],
])(
  "of %s, the bucket %s goes into the host's name only where it can",
  async (endpoint, bucket, url) => {
    const asked = await signedRequest(
      { ...access, endpoint },
      { ...ask, bucket, key: "k" },
      now_ms,
    );
    expect(asked.url).toBe(url);
  },
);

test("no key leads to another host", async () => {
  for (const key of ["//evil.example/x", "@evil.example", "../../..", "\\\\evil"]) {
    const { url } = await signedRequest({ ...access, path_style: true }, { ...ask, key }, now_ms);
    expect(new URL(url).host).toBe("s3.amazonaws.com");
  }
});
