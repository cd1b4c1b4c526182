import "reflect-metadata";

/**
 * A new ECDSA P-256 key, which never leaves this host, and a request to certify it. PEM texts.
 * x509 is imported after the polyfill has run: in a compiled binary Bun's bundler can put the two
 * static imports in the other order, and tsyringe then throws at load.
 */
export async function newKeyAndRequest(): Promise<{ key_pem: string; csr_pem: string }> {
  const { PemConverter, Pkcs10CertificateRequestGenerator } = await import("@peculiar/x509");
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
