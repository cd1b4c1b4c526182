import "reflect-metadata";

const x509 = await import("@peculiar/x509");
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** A certificate that vouches for itself, good for NAME, a DNS name or an IP address, for a day. PEM. */
export async function selfSigned(
  type: "dns" | "ip",
  name: string,
  notBefore = new Date(Date.now() - 60_000),
): Promise<{ cert: string; key: string }> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=service",
    keys,
    signingAlgorithm: algorithm,
    notBefore,
    notAfter: new Date(notBefore.getTime() + 86_400_000),
    extensions: [new x509.SubjectAlternativeNameExtension([{ type, value: name }])],
  });
  const der = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { cert: certificate.toString("pem"), key: x509.PemConverter.encode(der, "PRIVATE KEY") };
}
