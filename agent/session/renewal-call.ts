import { type ServiceError, status } from "@grpc/grpc-js";
import type { EnrolReply, RenewRequest } from "../contract/protocol/messages.ts";
import { type Credentials, dial } from "./control-plane.ts";

/** The control plane does not accept the certificate that was shown. */
export class CertificateRefused extends Error {}

const keepalive = { every_ms: 20_000, within_ms: 10_000 };
const patience_ms = 15_000;

/**
 * Shows the certificate to the first of ADDRESSES that answers, and has the key of CSR_PEM certified; an
 * empty CSR_PEM only shows it. Resolves with the new certificate, empty without a request. Rejects with
 * CertificateRefused, or an Error when nobody answers. What comes later than that is dropped.
 */
export async function callRenew(
  addresses: readonly string[],
  credentials: Credentials,
  csr_pem: string,
): Promise<string> {
  const reasons: string[] = [];
  for (const address of addresses) {
    try {
      return (await callAt(address, credentials, { csr_pem })).certificate_pem;
    } catch (error) {
      const { code, details } = error as ServiceError;
      if (code === status.UNAUTHENTICATED) throw new CertificateRefused(details);
      reasons.push(`${address}: ${details}`);
    }
  }
  throw new Error(reasons.join("; "));
}

function callAt(
  address: string,
  credentials: Credentials,
  request: RenewRequest,
): Promise<EnrolReply> {
  const client = dial(address, credentials, keepalive);
  const { Renew } = client;
  if (Renew === undefined) throw new Error("The contract has no Renew.");
  return new Promise<EnrolReply>((settle, fail) => {
    const deadline = Date.now() + patience_ms;
    Renew.call(client, request, { deadline }, (error: ServiceError | null, reply: EnrolReply) =>
      error ? fail(error) : settle(reply),
    );
  }).finally(() => client.close());
}
