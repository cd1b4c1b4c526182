import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";

/**
 * Equal for two processes that share a loopback interface, different otherwise: the machine's id, and
 * its network namespace, since two containers of one machine share the first and not the second. A
 * hash, because machine-id(5) asks that the id itself does not leave the machine. Agents send it in
 * their inventory. Copies of a machine may share it, so nothing is sent by it: see network-id.ts.
 */
export function machineId(): string {
  const machine =
    textOf("/etc/machine-id") || textOf("/proc/sys/kernel/random/boot_id") || "unknown machine";
  return createHash("sha256").update(`hypervize-machine:${machine}:${network()}`).digest("hex");
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1").trim();
  } catch {
    return "";
  }
}

function network(): string {
  try {
    return readlinkSync("/proc/self/ns/net");
  } catch {
    return "";
  }
}
