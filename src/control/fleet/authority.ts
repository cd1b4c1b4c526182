/**
 * The appliance's own certificate authority. Its fingerprint travels in join tokens, so that nobody
 * in between can play control plane (k3s and kubeadm do the same). Kept in HOME/ca, owner only.
 */
import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { control_plane_name } from "../../../agent/contract/protocol/messages.ts";
import { makeFolder, writeDurably } from "../storage/durable-files.ts";
import type { Identity } from "./signing.ts";

const day_ms = 86_400_000;
/** Its agent renews it after two thirds; one that was away for longer than this joins again. */
const host_lifetime_ms = 30 * day_ms;
const server_lifetime_ms = 365 * day_ms;
/** The server's own certificate is renewed at the first start in its last third. */
const renew_before_ms = 120 * day_ms;

export interface SignedHost {
  certificate_pem: string;
  /** SHA-256 of the certificate's DER, lower-case hex. */
  sha256: string;
  expires_at: number;
}

export interface Authority {
  ca_pem: string;
  ca_sha256: string;
  ca_expires_at: number;
  /** Of the server's own; a restart in its last third makes another. */
  server_expires_at: number;
  /** For the gRPC server; the CA is behind it in the chain, because agents check it against their pin. */
  server: Identity;
  /** Throws RequestRefused when the request is not good. */
  signHost(csr_pem: string, host_id: string, now: number): Promise<SignedHost>;
}

export async function loadAuthority(home: string, now: number): Promise<Authority> {
  const folder = join(home, "ca");
  makeFolder(folder);
  const caFile = join(folder, "authority.pem");
  const ca = read(caFile) ?? save(caFile, await (await signing()).newCa(now));
  const serverFile = join(folder, "server.pem");
  const server =
    goodServer(read(serverFile), ca, now) ?? save(serverFile, await newServer(ca, now));
  return {
    ca_pem: ca.certificate_pem,
    ca_sha256: sha256(ca.certificate_pem),
    ca_expires_at: expiry(ca.certificate_pem),
    server_expires_at: expiry(server.certificate_pem),
    server: { ...server, certificate_pem: `${server.certificate_pem}\n${ca.certificate_pem}` },
    async signHost(csr_pem, host_id, now) {
      const { certifyRequest } = await signing();
      const pem = await certifyRequest(ca, host_id, csr_pem, now, host_lifetime_ms);
      return { certificate_pem: pem, sha256: sha256(pem), expires_at: expiry(pem) };
    },
  };
}

const signing = () => import("./signing.ts");

async function newServer(ca: Identity, now: number): Promise<Identity> {
  return (await signing()).newLeaf(ca, control_plane_name, now, server_lifetime_ms);
}

function goodServer(kept: Identity | undefined, ca: Identity, now: number): Identity | undefined {
  if (!kept || expiry(kept.certificate_pem) - now < renew_before_ms) return undefined;
  const ours = new X509Certificate(ca.certificate_pem).publicKey;
  return new X509Certificate(kept.certificate_pem).verify(ours) ? kept : undefined;
}

/** Key and certificate share one file, so that a crash cannot leave half of the pair. */
function save(file: string, identity: Identity): Identity {
  writeDurably(file, `${identity.key_pem}\n${identity.certificate_pem}\n`);
  return identity;
}

/** Undefined when there is no such file; a damaged one is an error, because hosts trust what was in it. */
function read(file: string): Identity | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const [key_pem = "", certificate_pem = ""] =
      text.match(/-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/g) ?? [];
    createPrivateKey(key_pem);
    expiry(certificate_pem);
    return { key_pem, certificate_pem };
  } catch (cause) {
    throw new Error(`${file} is damaged. Restore it from a backup, or hosts must join again.`, {
      cause,
    });
  }
}

function sha256(certificate_pem: string): string {
  return createHash("sha256").update(new X509Certificate(certificate_pem).raw).digest("hex");
}

function expiry(certificate_pem: string): number {
  return Date.parse(new X509Certificate(certificate_pem).validTo);
}
