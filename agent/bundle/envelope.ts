/**
 * How a bundle begins, and who made it. A bundle is a stream:
 *
 *     "hypervize-bundle-1\n"  magic
 *     u32, big endian         length of the manifest
 *     32 bytes                Ed25519 public key (RFC 8032)
 *     64 bytes                its signature over magic, length and manifest
 *     manifest                JSON, see manifest.ts
 *     chunks                  one after the other, as the manifest lists them; nothing behind the last
 *
 * The list comes first, so that a reader checks the signature before it writes anything, and every
 * chunk against a signed checksum before it keeps it.
 */
import { createHash, createPublicKey, verify } from "node:crypto";
import type { ByteSource } from "./byte-source.ts";

export interface Signer {
  /** 32 bytes. */
  public_key: Uint8Array;
  /** Ed25519 over BYTES: 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array;
}

export interface Head {
  manifest: Uint8Array;
  /** Of the key that signed it. */
  fingerprint: string;
}

const magic = Buffer.from("hypervize-bundle-1\n");
const key_bytes = 32;
const signature_bytes = 64;
/** A terabyte in chunks of 8 MiB needs 15 MB. */
const longest_manifest = 128 * 1024 * 1024;
/** SubjectPublicKeyInfo of an Ed25519 key, up to the key itself (RFC 8410 section 4). */
const spki = Buffer.from("302a300506032b6570032100", "hex");

/** SHA-256 of the public key, in hex: what people compare. */
export const fingerprintOf = (public_key: Uint8Array): string =>
  createHash("sha256").update(public_key).digest("hex");

export function sealHead(manifest: Uint8Array, signer: Signer): Uint8Array {
  if (manifest.length > longest_manifest) {
    throw new Error("That is too much for one bundle. Export it in several.");
  }
  const signature = signer.sign(signed(manifest));
  return Buffer.concat([beginning(manifest.length), signer.public_key, signature, manifest]);
}

/** Throws an Error with a sentence for what is no bundle, or was changed since it was signed. */
export async function readHead(source: ByteSource): Promise<Head> {
  const start = Buffer.from(await source.read(magic.length + 4));
  if (!start.subarray(0, magic.length).equals(magic)) {
    throw new Error("This is not a bundle. Give the file that `hypervize bundle export` wrote.");
  }
  const length = start.length < magic.length + 4 ? 0 : start.readUInt32BE(magic.length);
  if (length > longest_manifest) throw changed;
  const public_key = await source.read(key_bytes);
  const signature = await source.read(signature_bytes);
  const manifest = await source.read(length);
  if (length === 0 || signature.length < signature_bytes || manifest.length < length) {
    throw new Error("The bundle ends inside its list of contents. Copy it again.");
  }
  const key = createPublicKey({
    key: Buffer.concat([spki, public_key]),
    format: "der",
    type: "spki",
  });
  if (!verify(null, signed(manifest), key, signature)) throw changed;
  return { manifest, fingerprint: fingerprintOf(public_key) };
}

function beginning(length: number): Buffer {
  const start = Buffer.alloc(magic.length + 4);
  magic.copy(start);
  start.writeUInt32BE(length, magic.length);
  return start;
}

const signed = (manifest: Uint8Array): Uint8Array =>
  Buffer.concat([beginning(manifest.length), manifest]);

const changed = new Error(
  "The bundle's list of contents is not what its maker signed. Get the bundle again from its source.",
);
