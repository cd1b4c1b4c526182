/**
 * Another machine, as far as the network goes: a namespace with its own loopback, and one cable
 * to ours. Needs root.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

export interface RemoteMachine {
  /** Our end of the cable, and the other one. */
  here: string;
  there: string;
  /** Runs what follows it on the other machine. */
  before: readonly string[];
  /** A firewall that lets nothing out of this TCP port, or opens again. */
  block(port: number): void;
  unblock(port: number): void;
  /** From now on not a packet arrives on either side, and nobody is told; or they do again. */
  cut(): void;
  heal(): void;
  /** It reaches the other machines too, through ours. */
  route(): void;
  remove(): void;
}

/** A locally administered address that no card here has. */
const nobody = "02:00:00:00:00:ff";
const tool = Bun.which("ip") ?? "";

/** Why none can be made here; null when one can. */
export function whyNoRemoteMachine(): string | null {
  if (process.getuid?.() !== 0) return "network namespaces need root";
  return tool ? null : "there is no ip command (package iproute2)";
}

let made = 0;

export function makeRemoteMachine(): RemoteMachine {
  // Interface names have 15 characters.
  const name = `hv${process.pid}m${made}`;
  const end = (n: number) => `10.213.${process.pid % 256}.${4 * made + n}`;
  const [here, there] = [end(1), end(2)];
  made += 1;
  let restore = () => {};
  const remove = () => {
    spawnSync(tool, ["netns", "delete", name]);
    restore();
  };
  process.once("exit", remove);
  ip(`netns add ${name}`);
  ip(`link add ${name}a type veth peer name ${name}b netns ${name}`);
  ip(`address add ${here}/30 dev ${name}a`);
  ip(`link set ${name}a up`);
  ip(`-n ${name} address add ${there}/30 dev ${name}b`);
  ip(`-n ${name} link set ${name}b up`);
  ip(`-n ${name} link set lo up`);
  const rule = (verb: string) => (port: number) =>
    ip(`-n ${name} rule ${verb} ipproto tcp sport ${port} blackhole`);
  return {
    here,
    there,
    before: [tool, "netns", "exec", name],
    block: rule("add"),
    unblock: rule("delete"),
    cut() {
      // Sent to a network card that is not there: a silence that needs no firewall.
      ip(`-n ${name} neighbour replace ${here} lladdr ${nobody} dev ${name}b nud permanent`);
      ip(`neighbour replace ${there} lladdr ${nobody} dev ${name}a nud permanent`);
    },
    heal() {
      ip(`-n ${name} neighbour delete ${here} dev ${name}b`);
      ip(`neighbour delete ${there} dev ${name}a`);
    },
    route() {
      ip(`-n ${name} route add default via ${here}`);
      const forwarding = "/proc/sys/net/ipv4/ip_forward";
      if (readFileSync(forwarding, "utf8").trim() === "1") return;
      writeFileSync(forwarding, "1");
      restore = () => writeFileSync(forwarding, "0");
    },
    remove,
  };
}

function ip(words: string): void {
  const { status, stderr } = spawnSync(tool, words.split(" "), { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${words}: ${stderr}`);
}
