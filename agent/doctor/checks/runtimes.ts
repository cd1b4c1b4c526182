import { installedRuntime } from "../../runtimes/installed.ts";
import { type Judgement, ok, warn } from "../finding.ts";
import type { Host } from "../host.ts";

export interface RuntimeSign {
  name: string;
  /** First line of `--version`; null when it does not run. */
  version: string | null;
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
    found.push({ name, version: ran.code === 0 ? (version?.[0] ?? "unknown") : null });
  }
  return found;
}

export function judgeRuntimes(found: readonly RuntimeSign[], has_agent: boolean): Judgement {
  const working = found.flatMap(({ name, version }) =>
    version === null ? [] : `${name} ${version}`,
  );
  const broken = found.filter(({ version }) => version === null).map(({ name }) => name);
  if (broken.length > 0) {
    return warn(
      `${broken.join(", ")} does not run${working.length > 0 ? `; ${working.join(", ")} does` : ""}.`,
      `See what ${broken[0]} --version says, and install it again.`,
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
