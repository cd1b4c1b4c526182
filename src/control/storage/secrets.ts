/**
 * Seals passwords and tokens before they go into the database, with a key that lies beside it in
 * HOME/secret.key: neither the database nor a backup of it is enough to read them.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure } from "../../shared/failure.ts";
import { syncFolder } from "./durable-files.ts";

export interface Secrets {
  /**
   * AES-256-GCM under a fresh nonce. ABOUT says what the text is (`settings.mail.password`) and
   * must be the same in `open`, so that a sealed text is of no use in another place.
   */
  seal(text: string, about?: string): string;
  /** Throws a Failure with a sentence when it was sealed with another key, or has changed since. */
  open(sealed: string, about?: string): string;
}

const version = "v1.";
const key_bytes = 32;
/** As NIST SP 800-38D recommends; random ones are safe for 2^32 texts under one key (8.3). */
const nonce_bytes = 12;
const tag_bytes = 16;

/**
 * The secrets of a data folder, whose key file the first start makes. A key file that is damaged is
 * told at the first use, not here: all else of the appliance works without it.
 */
export function secretsIn(home: string): Secrets {
  const file = join(home, "secret.key");
  const key = readKey(file) ?? makeKey(file);
  if (key.length === key_bytes) return secretsWith(key);
  const refuse = (): never => {
    throw unusable(
      "The key file HOME/secret.key is damaged; restore it, or remove it and restart.",
    );
  };
  return { seal: refuse, open: refuse };
}

/** KEY has 32 bytes. */
export function secretsWith(key: Uint8Array): Secrets {
  return {
    seal(text, about = "") {
      const nonce = randomBytes(nonce_bytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(about));
      const parts = [nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()];
      return version + Buffer.concat(parts).toString("base64url");
    },
    open(sealed, about = "") {
      try {
        if (!sealed.startsWith(version)) throw new Error("not sealed by this version");
        const bytes = Buffer.from(sealed.slice(version.length), "base64url");
        const nonce = bytes.subarray(0, nonce_bytes);
        // Without authTagLength a tag that was cut to 4 bytes would pass (Node's DEP0182).
        const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tag_bytes });
        decipher.setAAD(Buffer.from(about)).setAuthTag(bytes.subarray(-tag_bytes));
        const body = bytes.subarray(nonce_bytes, -tag_bytes);
        return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
      } catch (cause) {
        throw unusable(
          "The key file HOME/secret.key is not the one these secrets were sealed with; set them again.",
          cause,
        );
      }
    },
  };
}

function unusable(message: string, cause?: unknown): Failure {
  return new Failure(500, message, { code: "secrets_unreadable", cause });
}

function readKey(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Under its name only when it is whole and on disk; a key that is there by then is kept. */
function makeKey(file: string): Buffer {
  const unfinished = `${file}.${randomBytes(6).toString("hex")}`;
  writeFileSync(unfinished, randomBytes(key_bytes), { mode: 0o600, flag: "wx", flush: true });
  try {
    linkSync(unfinished, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(unfinished);
  }
  syncFolder(dirname(file));
  return readFileSync(file);
}
