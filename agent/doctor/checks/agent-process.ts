import type { Host } from "../host.ts";
import { runtime_names } from "./runtimes.ts";

export interface AgentSigns {
  runs: boolean;
  /** Of the agent where one runs: its unit sets what a terminal does not. Else of this process. */
  env: Readonly<Record<string, string | undefined>>;
  /** Where llama-server, vllm and sglang are, where its command line named them. */
  named: Readonly<Record<string, string>>;
  /** Null: it serves by tunnels alone. */
  relay_port: number | null;
  /** proc_pid_limits(5). */
  limits: string | undefined;
}

const usual_relay_port = 8444;

/** PID: of the agent of this home; undefined when none runs. */
export async function probeAgent(host: Host, pid: number | undefined): Promise<AgentSigns> {
  const of = pid ?? "self";
  const environ = pid === undefined ? undefined : await host.read(`/proc/${pid}/environ`);
  const words = pid === undefined ? "" : ((await host.read(`/proc/${pid}/cmdline`)) ?? "");
  const option = (name: string) => new RegExp(`\0--${name}[=\0]([^\0]+)`).exec(words)?.[1];
  const named = runtime_names.flatMap((name) => {
    const path = option(name);
    return path === undefined ? [] : [[name, path] as const];
  });
  return {
    runs: pid !== undefined,
    env: environ === undefined ? host.env : variablesIn(environ),
    named: Object.fromEntries(named),
    relay_port: /(?:^|\0)--tunnel(?:\0|$)/.test(words)
      ? null
      : Number(option("relay-port") ?? usual_relay_port),
    limits: await host.read(`/proc/${of}/limits`),
  };
}

const variablesIn = (environ: string): Record<string, string> =>
  Object.fromEntries(
    environ.split("\0").flatMap((entry) => {
      const equals = entry.indexOf("=");
      return equals > 0 ? [[entry.slice(0, equals), entry.slice(equals + 1)]] : [];
    }),
  );
