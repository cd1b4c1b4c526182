import type { RuntimeDevice } from "../../contract/runtime-device.ts";
import { deviceWords } from "../../contract/runtime-device.ts";
import { installedRuntime } from "../../runtimes/installed.ts";
import { devicesIn } from "../../runtimes/llama-devices.ts";
import { type Judgement, ok, warn } from "../finding.ts";
import type { Host } from "../host.ts";

export interface RuntimeSign {
  name: string;
  /** First line of `--version`; null when it does not run. */
  version: string | null;
  /** What it sees besides the processors; undefined where it does not say. */
  devices?: readonly RuntimeDevice[];
}

/** Those that an agent can find on a host. */
export const runtime_names = ["llama-server", "vllm", "sglang"];

/** NAMED: paths that somebody gave; PATH: where the others are looked for. Only what is there at all. */
export async function probeRuntimes(
  host: Host,
  home: string,
  named: Readonly<Record<string, string>>,
  PATH: string | undefined,
): Promise<RuntimeSign[]> {
  const found: RuntimeSign[] = [];
  for (const name of runtime_names) {
    const path = named[name] ?? (await installedRuntime(home, name)) ?? host.which(name, PATH);
    const ran = path === undefined ? undefined : await host.run(path, "--version");
    if (ran === undefined) continue;
    const line = ran.output.split("\n").find((text) => /\d/.test(text)) ?? "";
    const version = /\d+(?:\.\d+)+[\w.+-]*/.exec(line) ?? /\b\d+\b/.exec(line);
    const devices = await devicesSeen(host, name, path ?? name);
    const sign = { name, version: ran.code === 0 ? (version?.[0] ?? "unknown") : null };
    found.push({ ...sign, ...(devices && { devices }) });
  }
  return found;
}

/** llama-server alone answers that in a moment; of the others only a start tells. */
async function devicesSeen(host: Host, name: string, path: string) {
  if (name !== "llama-server") return undefined;
  return devicesIn((await host.run(path, "--list-devices"))?.output ?? "");
}

/** GPUS: how many this host has. */
export function judgeRuntimes(
  found: readonly RuntimeSign[],
  has_agent: boolean,
  gpus = 0,
): Judgement {
  const working = found.flatMap((sign) => (sign.version === null ? [] : wordsOf(sign)));
  const broken = found.filter(({ version }) => version === null).map(({ name }) => name);
  if (broken.length > 0) {
    return warn(
      `${broken.join(", ")} does not run${working.length > 0 ? `; ${working.join(", ")} does` : ""}.`,
      `See what ${broken[0]} --version says, and install it again.`,
    );
  }
  const blind = found.find(({ devices }) => gpus > 0 && devices?.length === 0);
  if (blind !== undefined) {
    return warn(
      `${working.join(", ")}. ${blind.name} is a build without a backend for GPUs, so it is given none.`,
      `Run ./install.sh --agent again, which gets Debian's Vulkan backend for it, or start the agent with --${blind.name} PATH of a build for CUDA.`,
    );
  }
  if (working.length > 0) return ok(`${working.join(", ")}.`);
  const detail = "No runtime is found.";
  if (!has_agent) return ok(`${detail} None is needed without an agent.`);
  return warn(
    detail,
    "Put llama-server, vllm or sglang on PATH, or import one with hypervize bundle import.",
  );
}

function wordsOf({ name, version, devices }: RuntimeSign): string {
  if (devices === undefined) return `${name} ${version}`;
  const words = deviceWords({ says_devices: true, devices: [...devices] });
  return `${name} ${version} (sees ${words})`;
}
