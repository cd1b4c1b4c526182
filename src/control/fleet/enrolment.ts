/** How a machine becomes a host: a one-time token, traded for a signed certificate. */
import { createHash } from "node:crypto";
import { and, eq, isNull } from "drizzle-orm";
import { encodeJoinToken } from "../../../agent/contract/protocol/join-token.ts";
import type { EnrolReply, EnrolRequest } from "../../../agent/contract/protocol/messages.ts";
import { newId, randomBase62 } from "../../shared/identifier.ts";
import type { Database } from "../storage/database.ts";
import type { Authority } from "./authority.ts";
import { hosts, join_tokens } from "./table.ts";

export const default_expiry_s = 24 * 3600;
/** 43 base62 characters carry 256 bits. */
const secret_length = 43;

/** The token is not good; the message says why and what to do. */
export class TokenRefused extends Error {}

export interface JoinToken {
  /** Shown once. */
  token: string;
  expires_at: number;
  /** The line to run on the host. */
  command: string;
}

export interface EnrolmentParts {
  database: Database;
  authority: Authority;
  now(): number;
  /** `host:port` addresses to dial, in the order to try. */
  addresses(): readonly string[];
  /** Called after a host was added. */
  joined(): void;
}

export class Enrolment {
  readonly #parts: EnrolmentParts;

  constructor(parts: EnrolmentParts) {
    this.#parts = parts;
  }

  createToken(created_by: string, expires_in_s: number): JoinToken {
    const { database, authority, now, addresses } = this.#parts;
    const secret = randomBase62(secret_length);
    const created_at = now();
    const expires_at = created_at + expires_in_s * 1000;
    database
      .insert(join_tokens)
      .values({ id: newId("jtk"), secret_hash: hashOf(secret), created_by, created_at, expires_at })
      .run();
    const token = encodeJoinToken({
      addresses: [...addresses()],
      ca_sha256: authority.ca_sha256,
      secret,
    });
    return { token, expires_at, command: `hypervize agent --join ${token}` };
  }

  /** Throws `TokenRefused`, or an Error about the certificate request. */
  async redeem({ secret, csr_pem, host_name }: EnrolRequest): Promise<EnrolReply> {
    const { database, authority, now } = this.#parts;
    const secret_hash = hashOf(secret);
    this.#good(secret_hash);
    const host_id = newId("host");
    const signed = await authority.signHost(csr_pem, host_id, now());
    // Signing took a while: of two agents with one token, the transaction lets one through.
    database.transaction((tx) => {
      this.#good(secret_hash);
      const unused = and(eq(join_tokens.secret_hash, secret_hash), isNull(join_tokens.used_at));
      tx.update(join_tokens).set({ used_at: now(), host_id }).where(unused).run();
      tx.insert(hosts)
        .values({
          id: host_id,
          name: shownName(host_name),
          certificate_sha256: signed.sha256,
          certificate_expires_at: signed.expires_at,
          agent_version: "",
          cordoned: false,
          joined_at: now(),
        })
        .run();
    });
    this.#parts.joined();
    return { host_id, certificate_pem: signed.certificate_pem, ca_pem: authority.ca_pem };
  }

  #good(secret_hash: string): void {
    const again = "Make a new one with `hypervize hosts join-token` or on the Hosts page.";
    const row = this.#parts.database
      .select()
      .from(join_tokens)
      .where(eq(join_tokens.secret_hash, secret_hash))
      .get();
    if (!row) throw new TokenRefused(`This join token is not known here. ${again}`);
    if (row.used_at !== null) throw new TokenRefused(`This join token was used already. ${again}`);
    if (row.expires_at <= this.#parts.now()) {
      throw new TokenRefused(`This join token has expired. ${again}`);
    }
  }
}

/** The host's own word, so it is cut to what a table can show. */
function shownName(name: string): string {
  return name.replace(/\p{C}/gu, "").trim().slice(0, 100) || "host";
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
