import "reflect-metadata";
import { PemConverter, Pkcs10CertificateRequestGenerator } from "@peculiar/x509";

/** A certificate request that claims to be somebody, with its key. */
export async function newRequest(
  namedCurve = "P-256",
): Promise<{ csr_pem: string; key_pem: string }> {
  const algorithm = { name: "ECDSA", namedCurve, hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const csr = await Pkcs10CertificateRequestGenerator.create({
    name: "CN=control-plane.hypervize.internal",
    keys,
    signingAlgorithm: algorithm,
  });
  const der = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { csr_pem: csr.toString("pem"), key_pem: PemConverter.encode(der, "PRIVATE KEY") };
}
