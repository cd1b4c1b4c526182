/** Who may use vLLM's routes while its developer mode is on; see hypervize_guard.py. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isMissing, writeDurably } from "../files/durable-file.ts";
import { StartError } from "../replicas/start-error.ts";
import program from "./hypervize_guard.py" with { type: "text" };
import { askLoopback } from "./loopback.ts";

export interface Guard {
  /** Where Python finds the module. */
  folder: string;
  /** Only this agent knows it, and the next one in the same home. */
  key: string;
}

/** As vLLM's `--middleware` takes it. */
export const guard_class = "hypervize_guard.Guard";
export const guard_header = "x-hypervize-guard";
/** The variable in which the runtime is told the key. */
export const guard_key = "HYPERVIZE_GUARD_KEY";

/**
 * Throws a Refusal where a stranger can reach vLLM's developer routes, which run code: a server that takes the
 * middleware's flag need not run it, as its front end in Rust.
 */
export async function proveGuarded(port: number, signal: AbortSignal): Promise<void> {
  const { status } = await askLoopback(port, "/collective_rpc", signal, {});
  if (status === 404) return;
  throw new StartError(
    "config",
    `vLLM leaves the routes of its developer mode open (POST /collective_rpc answers ${status}). Set the endpoint's \`l1_timeout_s\` to 0, or install another version.`,
  );
}

/** Lays the module into FOLDER and makes the key at the first time. */
export async function openGuard(folder: string): Promise<Guard> {
  const modules = join(folder, "python");
  await writeDurably(join(modules, "hypervize_guard.py"), program);
  const path = join(folder, "key");
  const known = await readFile(path, "utf8").catch((error) => {
    if (isMissing(error)) return "";
    throw error;
  });
  if (known !== "") return { folder: modules, key: known };
  const key = randomBytes(32).toString("hex");
  await writeDurably(path, key);
  return { folder: modules, key };
}
