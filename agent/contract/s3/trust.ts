/** Whose certificates a store may show, and what it means when it shows another's. */
import type { S3Access } from "../protocol/messages.ts";
import type { S3Problem } from "./refusal.ts";

/** For `fetch`. */
export const trusting = ({ ca_pem }: Pick<S3Access, "ca_pem">): { tls?: { ca: string } } =>
  ca_pem ? { tls: { ca: ca_pem } } : {};

/** As OpenSSL calls what is wrong with a certificate, and Node what is wrong with its name. */
const distrusted_words = /^(?:\w*CERT\w*|UNABLE_TO_VERIFY_LEAF_SIGNATURE|HOSTNAME_MISMATCH)$/;

/** Undefined for an error of `fetch` that is about something else. */
export function distrusted(
  { endpoint }: Pick<S3Access, "endpoint">,
  error: unknown,
): S3Problem | undefined {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!distrusted_words.test(code)) return undefined;
  return {
    kind: "config",
    sentence: `${new URL(endpoint).host} shows a certificate that is not trusted (${code}). Set up its private CA (under Settings; AWS_CA_BUNDLE for \`hypervize size\`), and call the store by the name that the certificate is for.`,
  };
}
