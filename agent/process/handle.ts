import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProcessIdentity } from "../contract/process-identity.ts";
import type { DesiredReplica } from "../contract/protocol/messages.ts";
import { isMissing, removeDurably, writeDurably } from "../files/durable-file.ts";

const format_version = 1;

/** What the next agent must know about a runtime that this one started. One file per replica. */
export interface Handle {
  version: typeof format_version;
  process: ProcessIdentity;
  spec: DesiredReplica;
  port: number;
  started_at_ms: number;
  start_timeout_ms: number;
  /** Spawn to first probed token; 0 until then. */
  ready_after_ms: number;
  /** Restarts of this replica so far, so that the count survives the agent. */
  restarts: number;
  /** It sleeps in place, or is about to: it must not be asked for anything before it is woken. */
  asleep?: SleepRecord;
}

/** What its waking is judged by. */
export interface SleepRecord {
  /** On the GPU where it held most, before it slept. */
  held_bytes: number;
  /** What it still holds there; the same until the sleep is proved. */
  left_bytes: number;
  /** What it recited last (SleepControl): made of our text, nobody's prompt. */
  recital: string;
}

export interface Handles {
  /** Durable when the promise settles. */
  write(handle: Omit<Handle, "version">): Promise<void>;
  remove(id: string): Promise<void>;
  /** Every readable handle; files of another version or with damage are named in UNREADABLE. */
  readAll(): Promise<{ handles: Handle[]; unreadable: string[] }>;
}

/** Handles kept in FOLDER, one JSON file each, named by the replica's id. */
export function handlesIn(folder: string): Handles {
  const pathOf = (id: string) => join(folder, `${id}.json`);
  return {
    write(handle) {
      // What opens a source is for the download alone, and a disk is no place for it.
      const { s3: _keys, ...plain } = handle.spec;
      const spec = { ...plain, hf_token: "" };
      const whole = { version: format_version, ...handle, spec };
      return writeDurably(pathOf(spec.id), JSON.stringify(whole, undefined, 2));
    },
    remove: (id) => removeDurably(pathOf(id)),
    async readAll() {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const handles: Handle[] = [];
      const unreadable: string[] = [];
      for (const name of await readdir(folder)) {
        if (!name.endsWith(".json")) continue;
        const text = await textOf(join(folder, name));
        if (text === undefined) continue;
        const handle = parseHandle(text);
        if (handle === undefined) unreadable.push(join(folder, name));
        else handles.push(handle);
      }
      return { handles, unreadable };
    },
  };
}

/** Undefined when the file has gone since the folder was read: its replica has just ended. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Undefined for a text that is not a handle of this version. */
export function parseHandle(text: string): Handle | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { version, process, spec, port } = value as Partial<Handle>;
  const whole =
    version === format_version &&
    Number.isInteger(process?.pid) &&
    Number.isInteger(process?.start_ticks) &&
    typeof process?.boot_id === "string" &&
    typeof spec?.id === "string" &&
    Number.isInteger(spec.epoch) &&
    Number.isInteger(port);
  if (!whole) return undefined;
  // What an agent wrote that did not know these fields.
  const added = { devices: [], env: {}, hf_token: "" };
  return { ...(value as Handle), spec: { ...added, ...spec } };
}
