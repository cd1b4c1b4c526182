import { type Judgement, ok, warn } from "../finding.ts";
import type { Host } from "../host.ts";

export interface Port {
  number: number;
  /** Such as "the dashboard". */
  for_what: string;
  taken: boolean;
  /** Whether the process of this home that would use it is running. */
  ours_runs: boolean;
}

const known = [
  { number: 8080, for_what: "the gateway and dashboard", owner: "appliance" },
  { number: 8443, for_what: "agents", owner: "appliance" },
] as const;

export interface Running {
  appliance: boolean;
  agent: boolean;
}

/** RELAY_PORT: null for an agent that has none. */
export async function probePorts(
  host: Host,
  running: Running,
  relay_port: number | null,
): Promise<Port[]> {
  const relay = { number: relay_port ?? 0, for_what: "the agent's relay", owner: "agent" } as const;
  return Promise.all(
    [...known, ...(relay_port ? [relay] : [])].map(async ({ number, for_what, owner }) => ({
      number,
      for_what,
      ours_runs: running[owner],
      taken: await host.isTaken(number),
    })),
  );
}

export function judgePorts(ports: readonly Port[]): Judgement {
  const strange = ports.filter(({ taken, ours_runs }) => taken && !ours_runs);
  const closed = ports.filter(({ taken, ours_runs }) => !taken && ours_runs);
  const name = ({ number, for_what }: Port) => `${number} (${for_what})`;
  if (strange.length > 0) {
    return warn(
      `Another program uses ${strange.map(name).join(", ")}.`,
      "End it (ss -ltnp shows which), or choose others with --port, --agent-port and --relay-port.",
    );
  }
  if (closed.length > 0) {
    return ok(`Nobody listens on ${closed.map(name).join(", ")}: other ports were chosen here.`);
  }
  const open = ports.filter(({ taken }) => taken).map(({ number }) => number);
  return ok(open.length > 0 ? `${open.join(", ")} answer here; the others are free.` : "All free.");
}
