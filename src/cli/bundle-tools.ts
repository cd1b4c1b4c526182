/** What main.ts passes in of the agent's code, which knows where weights and runtimes lie. */
import type { FileHandle } from "node:fs/promises";
import type { S3Access } from "../../agent/contract/protocol/messages.ts";

export interface BundleTools {
  exportBundle(options: ExportWish): Promise<{
    /** SHA-256 of the public key, in hex. */
    fingerprint: string;
    bytes: number;
    /** Without repetitions. */
    stored_bytes: number;
  }>;
  importBundle(options: ImportWish): Promise<{
    fingerprint: string;
    made_at: string;
    made_by: string;
    items: { item: BundleItem; path: string }[];
    written_bytes: number;
  }>;
}

interface ExportWish {
  /** "-" for standard output. */
  file: string;
  models: readonly string[];
  runtimes: readonly { name: string; path: string }[];
  cache: string;
  env: Readonly<Record<string, string | undefined>>;
  s3(): S3Access | null;
  signer: { public_key: Uint8Array; sign(bytes: Uint8Array): Uint8Array };
  made_by: string;
  now: number;
  say(sentence: string): void;
  progress(done_bytes: number, of_bytes: number): void;
  signal: AbortSignal;
}

interface ImportWish {
  home: string;
  input: FileHandle | "-";
  trusts(fingerprint: string): boolean;
  facts_only: boolean;
  learn(item: HubItem | LocalItem, path: string, below_home: string): Promise<void>;
  progress(done_bytes: number, of_bytes: number): void;
  signal: AbortSignal;
}

interface HubItem {
  kind: "hub";
  repository: string;
  commit: string;
  revision: string | null;
  files: { name: string }[];
}

interface LocalItem {
  kind: "file";
  name: string;
}

interface RuntimeItem {
  kind: "runtime";
  name: string;
  version: string;
  arch: string;
}

export type BundleItem = HubItem | LocalItem | RuntimeItem;
