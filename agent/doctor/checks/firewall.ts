import { type Judgement, ok, unknown, warn } from "../finding.ts";
import type { Host } from "../host.ts";

export interface FirewallSigns {
  /** Null: the agent serves by tunnels. */
  relay_port: number | null;
  /** What each program says of its rules; null when it may not be asked, undefined for one that is not here. */
  ufw: Said;
  firewalld: Said;
  iptables: Said;
}

type Said = string | null | undefined;

export async function probeFirewall(host: Host, relay_port: number | null): Promise<FirewallSigns> {
  const said = async (program: string, ...words: string[]): Promise<Said> => {
    const ran = await host.run(program, ...words);
    return ran && (ran.code === 0 ? ran.output : null);
  };
  return {
    relay_port,
    ufw: await said("ufw", "status"),
    firewalld: await said("firewall-cmd", "--list-all"),
    iptables: await said("iptables", "-S", "INPUT"),
  };
}

/** Only what is plain to see; a chain of rules is nobody's to interpret here. */
export function judgeFirewall({ relay_port, ...signs }: FirewallSigns): Judgement {
  if (relay_port === null) return ok("The agent serves by tunnels: nothing must be open here.");
  const untried = "Not tried: other rules, and the way from the control plane to here.";
  const there = Object.entries(signs).filter(([, said]) => said !== undefined);
  const names = there.flatMap(([name, said]) => (said === null ? [] : [name]));
  if (there.length === 0) return unknown(`No ufw, firewalld or iptables is here. ${untried}`);
  if (names.length === 0) {
    const denied = there.map(([name]) => name).join(", ");
    return unknown(`${denied} did not answer. ${untried}`, "Run this as root to know.");
  }
  const blocking = names.find((name) => blocks(name, signs, relay_port));
  if (blocking === undefined) {
    return ok(`${names.join(", ")}: nothing plainly blocks ${relay_port}. ${untried}`);
  }
  return warn(
    `${blocking} lets nobody in on ${relay_port}, the agent's relay.`,
    `Let the control plane in on TCP ${relay_port}. Until then the host serves by tunnels, which are a little slower.`,
  );
}

function blocks(name: string, signs: Omit<FirewallSigns, "relay_port">, port: number): boolean {
  const [ufw, firewalld, iptables] = [signs.ufw, signs.firewalld, signs.iptables].map(
    (said) => said ?? "",
  ) as [string, string, string];
  const named = new RegExp(`\\b${port}\\b`);
  if (name === "ufw") return /^Status: active/m.test(ufw) && !named.test(ufw);
  if (name === "firewalld") {
    const open = /^\s*target: ACCEPT|^\s*ports:.*\b(?:\d+-\d+)/m.test(firewalld);
    return !open && !named.test(firewalld);
  }
  const refuses = /^-P INPUT DROP/m.test(iptables);
  const others = /^-A INPUT (?!.*(?:--dport|--ctstate|-i lo)).*-j (?!DROP|REJECT)/m.test(iptables);
  return refuses && !others && !named.test(iptables);
}
