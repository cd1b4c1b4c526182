/** What a store's refusal means, explained for the person who can do something about it. Pure. */
import type { S3Access } from "../protocol/messages.ts";

export interface S3Refused {
  status: number;
  headers: Pick<Headers, "get">;
  /** Of an answer to a HEAD there is none. */
  body: Uint8Array;
}

export interface S3Problem {
  /** `unreachable` may pass on its own: its sentence is only half of one, `answered 503`. */
  kind: "unreachable" | "denied" | "missing" | "config" | "changed";
  sentence: string;
}

/** Said where nobody has set one up. */
export const no_s3 =
  "No S3 store is set up. An admin sets its endpoint and keys under Settings, or with PUT /api/settings.";

/** Said where something is written in another way. */
export const s3_form =
  "A model in S3 is written s3://BUCKET/FOLDER, with :FILE or :QUANT if needed, or s3://BUCKET/FOLDER/FILE.gguf; paths have up to 200 characters and no : or @.";

const settings = "An admin changes that under Settings.";
const wrong_keys = new Set([
  ...["InvalidAccessKeyId", "InvalidSecurity", "NotSignedUp"],
  ...["InvalidToken", "ExpiredToken", "UnrecognizedClientException"],
]);
const other_region = new Set([
  ...[
    "PermanentRedirect",
    "TemporaryRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
  ],
]);
const wait = new Set([
  ...["SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "Busy", "Throttling"],
]);

/** WHAT: `s3://BUCKET/KEY`. NOW_MS: by the clock that signed. */
export function s3Problem(
  access: Pick<S3Access, "endpoint" | "region">,
  what: string,
  refused: S3Refused,
  now_ms: number,
): S3Problem {
  const { status, headers } = refused;
  const error = errorIn(refused.body);
  const store = new URL(access.endpoint).host;
  if (error.code === "RequestTimeTooSkewed" || error.code === "RequestExpired") {
    return config(`${skewOf(headers, now_ms)} Set it by NTP.`);
  }
  if (other_region.has(error.code) || (status >= 300 && status < 400)) {
    return elsewhere(access, what, refused, error);
  }
  return problemByCode(error, access, what) ?? problemByStatus(status, error.code, store, what);
}

function elsewhere(
  { endpoint, region }: Pick<S3Access, "endpoint" | "region">,
  what: string,
  { headers }: S3Refused,
  error: ErrorWords,
): S3Problem {
  const { origin, host } = new URL(endpoint);
  const told = error.region || headers.get("x-amz-bucket-region");
  const to = URL.parse(headers.get("location") ?? "", endpoint)?.origin ?? origin;
  // Ceph 16 sends a bucket of another zonegroup there without a word; a proxy, from http to https.
  if (error.code === "" && !told && to !== origin) {
    return config(
      `${what} lies at ${to}, where ${host} redirects to. Set up that endpoint, if it is the store's.`,
    );
  }
  const where = told ? `, and ${host} says ${told}` : "";
  return config(
    `${what} lies in another region or under another endpoint than are set up (${region || "us-east-1"}${where}). ${settings}`,
  );
}

function problemByCode(
  { code, bucket }: ErrorWords,
  { endpoint }: Pick<S3Access, "endpoint">,
  what: string,
): S3Problem | undefined {
  const { host: store, hostname } = new URL(endpoint);
  if (code === "SignatureDoesNotMatch") {
    return config(
      `${store} does not accept the S3 access key (${code}): its secret is another one, or a proxy before the store changes the host's name or the path, which are signed. ${settings}`,
    );
  }
  if (wrong_keys.has(code)) {
    return config(`${store} does not accept the S3 access key (${code}). ${settings}`);
  }
  // Ceph 16 takes its own name that it does not know (rgw_dns_name) for a bucket's.
  if (code === "NoSuchBucket" && bucket.endsWith(hostname)) {
    return config(
      `${store} does not know itself by this name, and takes it for a bucket's. Set up its endpoint by the name that it knows, or tell it this one (in Ceph, rgw_dns_name).`,
    );
  }
  if (code === "NoSuchBucket") {
    return { kind: "missing", sentence: `${store} has no bucket of ${what}. Check its name.` };
  }
  if (code === "NoSuchKey" && bucket_pattern.test(what)) {
    return config(
      `${store} looked for a file where the bucket of ${what} should be. Set up its endpoint without a bucket or a path.`,
    );
  }
  if (code !== "InvalidObjectState") return undefined;
  return config(`${what} lies in an archive of ${store}. Restore it there first.`);
}

/** A question about a bucket, not about an object. */
const bucket_pattern = /^s3:\/\/[^/]+$/;

function problemByStatus(status: number, code: string, store: string, what: string): S3Problem {
  if (status === 412) {
    return { kind: "changed", sentence: `${what} changed in the store while it was fetched.` };
  }
  // What a store has not implemented (501) it will not in a moment either.
  if (wait.has(code) || status === 408 || status === 429 || (status >= 500 && status !== 501)) {
    return { kind: "unreachable", sentence: `answered ${status}${named(code)}` };
  }
  if (status === 404) {
    return { kind: "missing", sentence: `${store} has no ${what}. Check the path.` };
  }
  if (status === 401 || status === 403) {
    return {
      kind: "denied",
      sentence: `${store} denies access to ${what}. Allow s3:ListBucket and s3:GetObject there to the access key that is set up.`,
    };
  }
  // Ceph 16 has no more words than this for what only its uploader's key opens.
  const own_key = status === 400 && !bucket_pattern.test(what);
  const check = own_key ? ", and that it is not encrypted with its uploader's own key (SSE-C)" : "";
  return config(
    `${store} answered ${status}${named(code)} for ${what}. Check the S3 settings${check}.`,
  );
}

const config = (sentence: string): S3Problem => ({ kind: "config", sentence });
const named = (code: string): string => (code === "" ? "" : ` (${code})`);

function skewOf(headers: Pick<Headers, "get">, now_ms: number): string {
  const theirs = Date.parse(headers.get("date") ?? "");
  const minutes = Math.round((now_ms - theirs) / 60_000);
  if (!Number.isFinite(minutes) || minutes === 0)
    return "This clock and the store's differ too much.";
  const side = minutes > 0 ? "before" : "behind";
  return `The clock of this machine is ${Math.abs(minutes)} minutes ${side} the store's.`;
}

interface ErrorWords {
  code: string;
  region: string;
  bucket: string;
}

/** Empty words for a body that is no error of S3. */
function errorIn(body: Uint8Array): ErrorWords {
  try {
    const { Error: error } = Bun.XML.parse(body);
    const { Code = "", Region = "", BucketName = "" } = typeof error === "object" ? error : {};
    // Somebody else's words go into our sentences: only those that are names.
    const word = (value: unknown): string => /^[\w.-]{1,64}$/.exec(String(value))?.[0] ?? "";
    return { code: word(Code), region: word(Region), bucket: word(BucketName) };
  } catch {
    return { code: "", region: "", bucket: "" };
  }
}
