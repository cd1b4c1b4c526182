import "reflect-metadata";
import { PemConverter, Pkcs10CertificateRequestGenerator } from "@peculiar/x509";

/** A new ECDSA P-256 key, which never leaves this host, and a request to certify it. PEM texts. */
export async function newKeyAndRequest(): Promise<{ key_pem: string; csr_pem: string }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: "CN=hypervize-host",
    keys,
    signingAlgorithm: algorithm,
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { key_pem: PemConverter.encode(key, "PRIVATE KEY"), csr_pem: request.toString("pem") };
}
