/** The admin commands' way to the control API. */
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fetchOwn } from "../../agent/contract/proxy.ts";
import { remoteFromEnvironment } from "../app/config.ts";
import { runningAppliance } from "./running.ts";

export interface Client {
  get<T>(path: string): Promise<T>;
  send<T>(method: "POST" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<T>;
  /** An answer that is read as it comes. */
  open(path: string, signal: AbortSignal): Promise<Response>;
}

/**
 * Talks to HYPERVIZE_URL with HYPERVIZE_API_KEY, else to the appliance that runs from one of HOMES, with the admin key
 * that its first start left there (readable by its owner only).
 */
export function clientFor(homes: readonly string[]): Client {
  const remote = remoteFromEnvironment();
  const home = homes.find((one) => runningAppliance(one) !== undefined) ?? homes[0] ?? "";
  const url = remote.url ?? runningAppliance(home)?.url;
  if (!url) throw new Error(noneIn(homes));
  const key = remote.key ?? localKey(home);
  const ask = async (path: string, init: RequestInit): Promise<Response> => {
    const headers = { authorization: `Bearer ${key}`, ...init.headers };
    const response = await fetchOwn(new URL(path, url), { ...init, headers }).catch((cause) => {
      if (init.signal?.aborted) throw cause;
      throw new Error(`${url} does not answer. Is the appliance running?`, { cause });
    });
    if (response.ok) return response;
    throw new Error(messageOf(await response.text()) ?? `${url} answered ${response.status}.`);
  };
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const json = { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const response = await ask(path, { method, ...(body !== undefined && json) });
    const text = await response.text();
    return (text === "" ? undefined : JSON.parse(text)) as T;
  };
  return {
    get: (path) => call("GET", path),
    send: (method, path, body) => call(method, path, body),
    open: (path, signal) => ask(path, { signal }),
  };
}

function noneIn(homes: readonly string[]): string {
  const other = "or set HYPERVIZE_URL and HYPERVIZE_API_KEY";
  const closed = homes.find((home) => existsSync(home) && !isReadable(home));
  return closed
    ? `The appliance of ${closed} is another user's. Run this as root (sudo), ${other}.`
    : `No appliance runs from ${homes.join(" or ")}. Start one with \`hypervize serve\`${homes.length > 1 ? " or `systemctl start hypervize`" : ""}, ${other}.`;
}

function isReadable(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function localKey(home: string): string {
  try {
    return readFileSync(join(home, "admin-key"), "utf8").trim();
  } catch (cause) {
    throw new Error(
      `No admin key is readable in ${home}. Run this as the appliance's user, or set HYPERVIZE_API_KEY.`,
      { cause },
    );
  }
}

function messageOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { error?: { message?: string } }).error?.message;
  } catch {
    return undefined;
  }
}
