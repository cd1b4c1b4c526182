import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";

/**
 * Equal for two processes that share a network stack, and so a loopback, and different otherwise: this boot
 * of this kernel, which no copy of a machine shares (its machine-id(5) it may), and the network namespace.
 * Empty where the kernel does not say. A hash, because it leaves the machine.
 */
export function networkId(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    const network = readlinkSync("/proc/self/ns/net");
    return createHash("sha256").update(`hypervize-network:${boot}:${network}`).digest("hex");
  } catch {
    return "";
  }
}
