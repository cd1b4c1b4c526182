import { BlockList, isIPv4, isIPv6 } from "node:net";
import { badRequest } from "../failure.ts";

const max_networks = 100;
/** IPv4 in IPv6's clothes (RFC 4291 2.5.5.2), as a socket that takes both shows it. */
const mapped = new BlockList();
mapped.addSubnet("::ffff:0:0", 96, "ipv6");

/** CIDRS when all are networks or single addresses. Throws a 400 that names `allowed_cidrs`. */
export function checkedCidrs(cidrs: readonly string[] | null): readonly string[] | null {
  if (cidrs === null) return null;
  const parts = [...new Set(cidrs.map((cidr) => cidr.trim()))];
  if (parts.length >= 1 && parts.length <= max_networks && parts.every(networkOf)) return parts;
  throw badRequest(
    `\`allowed_cidrs\` is a list of 1 to ${max_networks} networks such as 10.0.0.0/8 or 2001:db8::/32, or null for anywhere.`,
    "allowed_cidrs",
  );
}

/** Whether an address lies in one of CIDRS; what is not an address lies in none. */
export function withinNetworks(cidrs: readonly string[]): (address: string) => boolean {
  // A list for each: in Bun 1.4, 0.0.0.0/0 in a list of both lets every IPv6 address in too.
  const four = new BlockList();
  const six = new BlockList();
  for (const { address, prefix, family } of cidrs.flatMap((cidr) => networkOf(cidr) ?? [])) {
    (family === "ipv4" ? four : six).addSubnet(address, prefix, family);
  }
  return (address) => {
    if (isIPv4(address)) return four.check(address, "ipv4");
    if (!isIPv6(address)) return false;
    return (mapped.check(address, "ipv6") ? four : six).check(address, "ipv6");
  };
}

interface Network {
  address: string;
  prefix: number;
  family: "ipv4" | "ipv6";
}

function networkOf(cidr: string): Network | null {
  const [, address = "", bits] = /^([\da-fA-F:.]+)(?:\/(\d{1,3}))?$/.exec(cidr) ?? [];
  const family = isIPv4(address) ? "ipv4" : "ipv6";
  // An IPv4 network is written as one: nobody should have to think of both.
  if (family === "ipv6" && (!isIPv6(address) || mapped.check(address, "ipv6"))) return null;
  const most = family === "ipv4" ? 32 : 128;
  const prefix = bits === undefined ? most : Number(bits);
  return prefix > most ? null : { address, prefix, family };
}
