import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isMissing, removeDurably, renameDurably, writeDurably } from "../files/durable-file.ts";

/** A certificate and the key that it is for. */
export interface KeyPair {
  key_pem: string;
  certificate_pem: string;
}

/** What makes this host a member of one control plane's fleet. Kept under HOME/agent, owner only. */
export interface Membership extends KeyPair {
  host_id: string;
  /** Where the control plane is dialled, "host:port", in order. */
  addresses: string[];
  ca_sha256: string;
  ca_pem: string;
}

const format_version = 1;
/** Key and certificate in one file, so that a crash cannot leave half of the pair. */
const pair_name = "host.pem";
/** A renewed pair that the control plane has not been seen to accept yet. */
const next_pair = "host.next.pem";

/** Undefined when this home has not joined. Rejects with a sentence when its files are damaged. */
export async function readMembership(folder: string): Promise<Membership | undefined> {
  const path = join(folder, "identity.json");
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const pair = (await readPair(join(folder, pair_name))) ?? (await readOldPair(folder));
  const ca_pem = await readIfThere(join(folder, "ca.pem"));
  const identity = parseIdentity(text);
  if (!identity || !pair || !ca_pem) {
    throw new Error(
      `The agent's identity in ${folder} is damaged. Delete ${path} and join again with a new token.`,
    );
  }
  return { ...identity, ...pair, ca_pem };
}

/** identity.json is written last: only when it is there has the host joined. */
export async function writeMembership(folder: string, member: Membership): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { key_pem, certificate_pem, ca_pem, ...identity } = member;
  await writeDurably(join(folder, pair_name), textOf({ key_pem, certificate_pem }));
  await writeDurably(join(folder, "ca.pem"), ca_pem);
  // Of an earlier membership.
  await removeDurably(join(folder, next_pair));
  const text = JSON.stringify({ version: format_version, ...identity }, undefined, 2);
  await writeDurably(join(folder, "identity.json"), text);
}

export interface NextPair {
  read(): Promise<KeyPair | undefined>;
  write(pair: KeyPair): Promise<void>;
  /** It takes the place of the present one. */
  promote(): Promise<void>;
  drop(): Promise<void>;
}

/** Where a renewed pair waits in FOLDER until the control plane has been seen to accept it. */
export function nextPairIn(folder: string): NextPair {
  const path = join(folder, next_pair);
  return {
    read: () => readPair(path),
    write: (pair) => writeDurably(path, textOf(pair)),
    promote: () => renameDurably(path, join(folder, pair_name)),
    drop: () => removeDurably(path),
  };
}

const textOf = ({ key_pem, certificate_pem }: KeyPair) => `${key_pem}\n${certificate_pem}\n`;

async function readPair(path: string): Promise<KeyPair | undefined> {
  const text = (await readIfThere(path)) ?? "";
  const [key_pem, certificate_pem] =
    text.match(/-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/g) ?? [];
  return key_pem && certificate_pem ? { key_pem, certificate_pem } : undefined;
}

/** As agents before 0.2 kept it. */
async function readOldPair(folder: string): Promise<KeyPair | undefined> {
  const key_pem = await readIfThere(join(folder, "key.pem"));
  const certificate_pem = await readIfThere(join(folder, "certificate.pem"));
  return key_pem && certificate_pem ? { key_pem, certificate_pem } : undefined;
}

type Identity = Pick<Membership, "host_id" | "addresses" | "ca_sha256">;

function parseIdentity(text: string): Identity | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { version, host_id, addresses, ca_sha256 } = value as Record<string, unknown>;
  const isIdentity =
    version === format_version &&
    typeof host_id === "string" &&
    typeof ca_sha256 === "string" &&
    Array.isArray(addresses) &&
    addresses.every((address) => typeof address === "string");
  return isIdentity ? { host_id, addresses, ca_sha256 } : undefined;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
