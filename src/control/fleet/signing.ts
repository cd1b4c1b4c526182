/**
 * The part of the authority that makes certificates. It is loaded when one is made, which is seldom:
 * @peculiar/x509 takes longer to load than everything else that a start needs.
 */
import "reflect-metadata";
import { randomBytes } from "node:crypto";
import { RequestRefused } from "./request-refused.ts";

/**
 * Imported after the polyfill has run: in a compiled binary Bun's bundler can put two static imports
 * in the other order, and tsyringe then throws at load.
 */
const x509 = await import("@peculiar/x509");

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const day_ms = 86_400_000;
const ca_lifetime_ms = 3650 * day_ms;
/** Clocks differ: a certificate is good from a little before it was made. */
const backdate_ms = 5 * 60_000;

/** Certificate and private key, PEM. */
export interface Identity {
  certificate_pem: string;
  key_pem: string;
}

export async function newCa(now: number): Promise<Identity> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: "CN=Hypervize fleet CA",
    notBefore: new Date(now - backdate_ms),
    notAfter: new Date(now + ca_lifetime_ms),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  return { certificate_pem: certificate.toString("pem"), key_pem: await privatePem(keys) };
}

/** A new key with a certificate for NAME. */
export async function newLeaf(
  ca: Identity,
  name: string,
  now: number,
  lifetime_ms: number,
): Promise<Identity> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate_pem = await certify(ca, name, keys.publicKey, now, lifetime_ms);
  return { certificate_pem, key_pem: await privatePem(keys) };
}

/**
 * Certifies the key of a request for NAME. What the request says of itself is ignored; its signature
 * proves that the sender holds the key. Throws RequestRefused when it does not.
 */
export async function certifyRequest(
  ca: Identity,
  name: string,
  csr_pem: string,
  now: number,
  lifetime_ms: number,
): Promise<string> {
  let request: InstanceType<typeof x509.Pkcs10CertificateRequest>;
  try {
    request = new x509.Pkcs10CertificateRequest(csr_pem);
  } catch (cause) {
    throw new RequestRefused("The certificate request cannot be read.", { cause });
  }
  const { name: kind, namedCurve } = request.publicKey.algorithm as EcKeyAlgorithm;
  if (kind !== algorithm.name || namedCurve !== algorithm.namedCurve) {
    throw new RequestRefused("The certificate request has no P-256 key.");
  }
  if (!(await request.verify())) {
    throw new RequestRefused("The certificate request is not signed by its key.");
  }
  return certify(ca, name, await request.publicKey.export(), now, lifetime_ms);
}

async function certify(
  ca: Identity,
  name: string,
  publicKey: CryptoKey,
  now: number,
  lifetime_ms: number,
): Promise<string> {
  const [der] = x509.PemConverter.decode(ca.key_pem);
  if (!der) throw new Error("The CA's key cannot be read.");
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${name}`,
    issuer: new x509.X509Certificate(ca.certificate_pem).subject,
    notBefore: new Date(now - backdate_ms),
    notAfter: new Date(now + lifetime_ms),
    publicKey,
    signingKey: await crypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      // Either side may be the server: the agent's relay is one, under the same identity.
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: name }]),
    ],
  });
  return certificate.toString("pem");
}

async function privatePem({ privateKey }: CryptoKeyPair): Promise<string> {
  const der = await crypto.subtle.exportKey("pkcs8", privateKey);
  return x509.PemConverter.encode(der, "PRIVATE KEY");
}

/** 126 random bits in hex that begin with 4 to 7: RFC 5280 4.1.2.2 wants it positive. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}
