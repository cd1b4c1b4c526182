import "reflect-metadata";
import {
  BasicConstraintsExtension,
  PemConverter,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const year_ms = 365 * 86_400_000;

/** PEM texts, as a member of a fleet holds them. */
export interface TestIdentity {
  key_pem: string;
  certificate_pem: string;
  ca_pem: string;
}

/** A fleet's CA for the agent's tests. */
export class TestAuthority {
  readonly der: Buffer;
  readonly ca_pem: string;
  readonly #ca: X509Certificate;
  readonly #keys: CryptoKeyPair;

  private constructor(ca: X509Certificate, keys: CryptoKeyPair) {
    this.#ca = ca;
    this.#keys = keys;
    this.der = Buffer.from(ca.rawData);
    this.ca_pem = ca.toString("pem");
  }

  static async create(): Promise<TestAuthority> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const ca = await X509CertificateGenerator.createSelfSigned({
      name: "CN=testbed CA",
      keys,
      notBefore: new Date(Date.now() - 300_000),
      notAfter: new Date(Date.now() + year_ms),
      signingAlgorithm: algorithm,
      extensions: [new BasicConstraintsExtension(true, 1, true)],
    });
    return new TestAuthority(ca, keys);
  }

  /** A certificate for the key of a request. */
  async certify(csr_pem: string, name: string): Promise<string> {
    const csr = new Pkcs10CertificateRequest(csr_pem);
    return await this.#sign(await csr.publicKey.export(), name);
  }

  async issue(name: string): Promise<TestIdentity> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const certificate_pem = await this.#sign(keys.publicKey, name);
    const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
    const key_pem = PemConverter.encode(pkcs8, "PRIVATE KEY");
    return { key_pem, certificate_pem, ca_pem: this.ca_pem };
  }

  async #sign(publicKey: CryptoKey, name: string): Promise<string> {
    const certificate = await X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: this.#ca.subject,
      notBefore: new Date(Date.now() - 300_000),
      notAfter: new Date(Date.now() + year_ms),
      publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [new SubjectAlternativeNameExtension([{ type: "dns", value: name }])],
    });
    return certificate.toString("pem");
  }
}
