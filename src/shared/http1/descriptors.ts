import { readFileSync } from "node:fs";

/** Databases, logs, agents, and what the runtime itself holds open. */
const reserved = 64;
/** What is assumed where the system does not say. */
const usual = 1_024;

/**
 * How many connections this process has file descriptors for, when each of them needs another one to a
 * runtime. Without any left, `accept` fails and is tried again at once, which takes a whole core.
 */
export function maxConnections(limit = openFilesLimit()): number {
  return Math.max(8, Math.floor((limit - reserved) / 2));
}

function openFilesLimit(): number {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? usual);
  } catch {
    return usual;
  }
}
