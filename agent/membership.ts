import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isMissing, writeDurably } from "./durable-file.ts";

/** What makes this host a member of one control plane's fleet. Kept under HOME/agent, owner only. */
export interface Membership {
  host_id: string;
  /** Where the control plane is dialled, "host:port", in order. */
  addresses: string[];
  ca_sha256: string;
  key_pem: string;
  certificate_pem: string;
  ca_pem: string;
}

const VERSION = 1;

/** Undefined when this home has not joined. Rejects with a sentence when its files are damaged. */
export async function readMembership(folder: string): Promise<Membership | undefined> {
  const path = join(folder, "identity.json");
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const [key_pem, certificate_pem, ca_pem] = await Promise.all(
    ["key.pem", "certificate.pem", "ca.pem"].map((name) => readIfThere(join(folder, name))),
  );
  const identity = parseIdentity(text);
  const isWhole = identity && key_pem && certificate_pem && ca_pem;
  if (!isWhole) {
    throw new Error(
      `The agent's identity in ${folder} is damaged. Delete ${path} and join again with a new token.`,
    );
  }
  return { ...identity, key_pem, certificate_pem, ca_pem };
}

/** identity.json is written last: only when it is there has the host joined. */
export async function writeMembership(folder: string, member: Membership): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { key_pem, certificate_pem, ca_pem, ...identity } = member;
  await writeDurably(join(folder, "key.pem"), key_pem);
  await writeDurably(join(folder, "certificate.pem"), certificate_pem);
  await writeDurably(join(folder, "ca.pem"), ca_pem);
  const text = JSON.stringify({ version: VERSION, ...identity }, undefined, 2);
  await writeDurably(join(folder, "identity.json"), text);
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
    version === VERSION &&
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
