/**
 * The appliance's own certificate authority. It signs one server certificate per start and one client
 * certificate per host. Its fingerprint travels in join tokens, so that nobody in between can play
 * control plane (k3s and kubeadm do the same).
 */
import "reflect-metadata";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import { CONTROL_PLANE_NAME } from "../../agent/contract/messages.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const day_ms = 86_400_000;
const ca_lifetime_ms = 3650 * day_ms;
/** Rotation comes with the relay; until then a host that was away for longer joins again. */
const host_lifetime_ms = 365 * day_ms;
const server_lifetime_ms = 365 * day_ms;
/** Clocks differ: a certificate is good from a little before it was made. */
const backdate_ms = 5 * 60_000;

export interface Identity {
  certificate_pem: string;
  key_pem: string;
}

export interface SignedHost {
  certificate_pem: string;
  /** SHA-256 of the certificate's DER, lower-case hex. */
  sha256: string;
  expires_at: number;
}

export interface Authority {
  ca_pem: string;
  ca_sha256: string;
  /** A fresh key and certificate for the gRPC server, with the CA behind it in the chain. */
  serverIdentity(now: number): Promise<Identity>;
  /**
   * Signs a host's certificate request. What the request says of itself is ignored; its signature
   * proves that the host holds the key. Throws an Error with a sentence when it does not.
   */
  signHost(csr_pem: string, host_id: string, now: number): Promise<SignedHost>;
}

/** Loads HOME/ca/authority.pem (key and certificate in one file, so that no half can be lost), or makes it. */
export async function loadAuthority(home: string, now: number): Promise<Authority> {
  const file = join(home, "ca", "authority.pem");
  const text = readIfThere(file) ?? (await createAuthority(home, file, now));
  const { certificate, key } = await parseAuthority(text).catch((cause: unknown) => {
    throw new Error(
      `${file} is damaged. Restore it from a backup; without it hosts must join again.`,
      {
        cause,
      },
    );
  });
  return authorityOf(certificate, key);
}

function authorityOf(ca: x509.X509Certificate, signingKey: CryptoKey): Authority {
  const ca_pem = ca.toString("pem");
  const sign = (
    subject: string,
    publicKey: CryptoKey | x509.PublicKey,
    now: number,
    life_ms: number,
    use: x509.ExtendedKeyUsage[],
  ) =>
    x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: `CN=${subject}`,
      issuer: ca.subject,
      notBefore: new Date(now - backdate_ms),
      notAfter: new Date(now + life_ms),
      publicKey,
      signingKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.ExtendedKeyUsageExtension(use),
        new x509.SubjectAlternativeNameExtension([{ type: "dns", value: subject }]),
      ],
    });

  return {
    ca_pem,
    ca_sha256: sha256(ca.rawData),

    async serverIdentity(now) {
      const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
      const use = [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth];
      const leaf = await sign(CONTROL_PLANE_NAME, keys.publicKey, now, server_lifetime_ms, use);
      return {
        certificate_pem: `${leaf.toString("pem")}\n${ca_pem}`,
        key_pem: await privateKeyPem(keys.privateKey),
      };
    },

    async signHost(csr_pem, host_id, now) {
      const request = requestFrom(csr_pem);
      if (!(await request.verify()))
        throw new Error("The certificate request is not signed by its key.");
      // Later the agent's relay is a server, too, under the same identity.
      const use = [x509.ExtendedKeyUsage.clientAuth, x509.ExtendedKeyUsage.serverAuth];
      const leaf = await sign(host_id, request.publicKey, now, host_lifetime_ms, use);
      return {
        certificate_pem: leaf.toString("pem"),
        sha256: sha256(leaf.rawData),
        expires_at: leaf.notAfter.getTime(),
      };
    },
  };
}

function requestFrom(csr_pem: string): x509.Pkcs10CertificateRequest {
  let request: x509.Pkcs10CertificateRequest;
  try {
    request = new x509.Pkcs10CertificateRequest(csr_pem);
  } catch (cause) {
    throw new Error("The certificate request cannot be read.", { cause });
  }
  const { name, namedCurve } = request.publicKey.algorithm as EcKeyAlgorithm;
  if (name === algorithm.name && namedCurve === algorithm.namedCurve) return request;
  throw new Error("The certificate request has no P-256 key.");
}

async function createAuthority(home: string, file: string, now: number): Promise<string> {
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
  const text = `${await privateKeyPem(keys.privateKey)}\n${certificate.toString("pem")}\n`;
  mkdirSync(join(home, "ca"), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
  return text;
}

async function parseAuthority(text: string) {
  const [key, certificate] = x509.PemConverter.decode(text);
  if (!key || !certificate) throw new Error("a part is missing");
  return {
    key: await crypto.subtle.importKey("pkcs8", key, algorithm, false, ["sign"]),
    certificate: new x509.X509Certificate(certificate),
  };
}

async function privateKeyPem(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

/** 126 random bits in hex that begin with 4 to 7: RFC 5280 4.1.2.2 wants it positive. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}

function sha256(der: ArrayBuffer): string {
  return createHash("sha256").update(new Uint8Array(der)).digest("hex");
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
