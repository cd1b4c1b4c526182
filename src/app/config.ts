/** The only reader of the environment. Flags win over it; the result is frozen. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { S3Access } from "../../agent/contract/protocol/messages.ts";

export interface Config {
  /** The data folder: database, CA, keys, logs. */
  home: string;
  /** Address that the HTTP port binds. */
  host: string;
  port: number;
  agent_port: number;
  /** `host:port` addresses that join tokens carry; empty: this machine's own addresses. */
  advertise: readonly string[];
}

export const default_port = 8080;
export const default_agent_port = 8443;

export function configFrom(flags: Partial<Config>): Readonly<Config> {
  return Object.freeze({
    home: homeFrom(flags.home),
    host: flags.host ?? "0.0.0.0",
    port: flags.port ?? default_port,
    agent_port: flags.agent_port ?? default_agent_port,
    advertise: flags.advertise ?? [],
  });
}

/** `--home`, else HYPERVIZE_HOME, else the user's data folder (XDG base directory specification). */
export function homeFrom(flag: string | undefined): string {
  const data = process.env["XDG_DATA_HOME"] || join(homedir(), ".local", "share");
  return resolve(flag || process.env["HYPERVIZE_HOME"] || join(data, "hypervize"));
}

/** Where install.sh lets its services keep their data. */
const service_homes = {
  appliance: "/var/lib/hypervize",
  agent: "/var/lib/hypervize-agent",
} as const;

/**
 * Where a command looks for what runs on this machine: in the home that was named, else in the user's own and then in
 * those of the services that are installed here.
 */
export function homesFrom(
  flag: string | undefined,
  services: readonly (keyof typeof service_homes)[],
): readonly string[] {
  const home = homeFrom(flag);
  if (flag || process.env["HYPERVIZE_HOME"]) return [home];
  return [home, ...services.map((name) => service_homes[name]).filter((path) => existsSync(path))];
}

/** What the admin commands talk to, where it was said. */
export function remoteFromEnvironment(): { url: string | undefined; key: string | undefined } {
  return { url: process.env["HYPERVIZE_URL"], key: process.env["HYPERVIZE_API_KEY"] };
}

/** A join token. By HYPERVIZE_JOIN_TOKEN only the agent's own user can read it. */
export function joinTokenFrom(flag: string | undefined): string | undefined {
  return flag || process.env["HYPERVIZE_JOIN_TOKEN"] || undefined;
}

/** Path of llama-server, where it was said. */
export function llamaServerFrom(flag: string | undefined): string | undefined {
  return flag || process.env["HYPERVIZE_LLAMA_SERVER"] || undefined;
}

/**
 * The llama-server that this machine has: the one that was said, the one on PATH, the one that install.sh put beside
 * the services, or the one of the checkout that this binary was built in.
 */
export function llamaServerHere(binary = process.execPath): string | undefined {
  const checkout = join(dirname(binary), "..", ".tools", "llama-server", "llama-server");
  return (
    llamaServerFrom(undefined) ??
    Bun.which("llama-server") ??
    [installed_llama_server, checkout].find((path) => existsSync(path))
  );
}

const installed_llama_server = "/usr/local/lib/hypervize/llama-server";

/** The model hub, and what opens gated models there: the variables that huggingface_hub reads. */
export function hubFromEnvironment(): { endpoint: string; token: string } {
  const endpoint = process.env["HF_ENDPOINT"] || "https://huggingface.co";
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? "")) {
    throw new Error("HF_ENDPOINT is the address of a model hub, such as https://huggingface.co.");
  }
  return { endpoint: endpoint.replace(/\/+$/, ""), token: process.env["HF_TOKEN"] ?? "" };
}

/** The store of S3, where the command line reads one itself: the variables that AWS's own tools read. */
export function s3FromEnvironment(): S3Access | null {
  const { env } = process;
  const access_key_id = env["AWS_ACCESS_KEY_ID"] ?? "";
  const secret_access_key = env["AWS_SECRET_ACCESS_KEY"] ?? "";
  if (access_key_id === "") return null;
  const region = env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || "us-east-1";
  const endpoint =
    env["AWS_ENDPOINT_URL_S3"] || env["AWS_ENDPOINT_URL"] || `https://s3.${region}.amazonaws.com`;
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? "")) {
    throw new Error(
      "AWS_ENDPOINT_URL is the address of a store, such as https://minio.example.org.",
    );
  }
  const bundle = env["AWS_CA_BUNDLE"];
  return {
    endpoint: endpoint.replace(/\/+$/, ""),
    region,
    access_key_id,
    secret_access_key,
    path_style: true,
    ...(bundle && { ca_pem: certificatesIn(bundle) }),
  };
}

function certificatesIn(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Error(`AWS_CA_BUNDLE names ${file}, which cannot be read.`, { cause });
  }
}

/** Labels of a host as words, `region=eu`: `--label`, else HYPERVIZE_LABELS with commas between them. */
export function labelsFrom(flags: readonly string[]): readonly string[] {
  const words = process.env["HYPERVIZE_LABELS"]?.split(",") ?? [];
  return flags.length > 0 ? flags : words.map((word) => word.trim()).filter((word) => word !== "");
}

/** For the agent, which hands a few variables on to runtimes. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}
