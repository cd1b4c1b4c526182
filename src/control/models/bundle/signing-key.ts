/**
 * The key with which this home signs its bundles, and the keys of others whose bundles it takes. Both
 * lie in HOME/bundle; the own key is sealed like every secret.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolder, writeDurably } from "../../storage/durable-files.ts";
import { secretsIn } from "../../storage/secrets.ts";

export interface SigningKey {
  /** 32 bytes. */
  public_key: Uint8Array;
  /** Ed25519 (RFC 8032), 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array;
}

const about = "bundle.signing-key";

/** Made by the first export. Throws a Failure when it cannot be opened with HOME's secret key. */
export function signingKeyOf(home: string): SigningKey {
  const file = join(home, "bundle", "signing-key");
  makeFolder(dirname(file));
  const secrets = secretsIn(home);
  const kept = read(file);
  const pem = kept === undefined ? newKey() : secrets.open(kept.trim(), about);
  if (kept === undefined) writeDurably(file, `${secrets.seal(pem, about)}\n`);
  const key = createPrivateKey(pem);
  const der = createPublicKey(key).export({ format: "der", type: "spki" });
  // The last 32 bytes of the DER are the key itself (RFC 8410).
  return { public_key: der.subarray(-32), sign: (bytes) => sign(null, bytes, key) };
}

/** Fingerprints, of which one was trusted at some time with `--trust`. */
export function trustedKeys(home: string): ReadonlySet<string> {
  return new Set(read(trustFile(home))?.split(/\s+/).filter(isFingerprint));
}

export function trustKey(home: string, fingerprint: string): void {
  const known = trustedKeys(home);
  if (known.has(fingerprint)) return;
  const file = trustFile(home);
  makeFolder(dirname(file));
  writeDurably(file, `${[...known, fingerprint].join("\n")}\n`);
}

/** SHA-256 of a public key in hex. */
export const isFingerprint = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

const trustFile = (home: string): string => join(home, "bundle", "trusted-keys");

const newKey = (): string =>
  generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
