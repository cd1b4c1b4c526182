/**
 * Which socket listens on a port of this network stack, by the number that the kernel gives every socket
 * (its inode). No other socket of the machine has it, and none gets it later, so whoever shares the stack
 * can tell a runtime from a program that took its port when it died, and an agent elsewhere can name none.
 */
import { closeSync, openSync, readSync } from "node:fs";

/** Runtimes listen on 127.0.0.1, which is in the first. */
const tables = ["/proc/net/tcp", "/proc/net/tcp6"];
/**
 * The kernel makes as much of a table as is asked for, listening sockets first. Four lines at a time cost
 * 0.07 ms until the right one is there; the whole table 1.7 ms, when it is empty too (Linux 6.18).
 */
const piece = Buffer.alloc(600);
/** In the place of a state. */
const heading = "st";

/** Of the one socket that listens on PORT; 0: none or several, or the kernel does not say. */
export function listenerOn(port: number): number {
  const found = tables.flatMap((table) => [...listeners(table, port)]);
  return found.length === 1 ? (found[0] ?? 0) : 0;
}

/** Whether PORT still belongs to the socket that `listenerOn` named. Asked after connecting, it says who was reached. */
export function isListener(port: number, inode: number): boolean {
  return inode > 0 && tables.some((table) => has(listeners(table, port), inode));
}

function has(found: Iterable<number>, inode: number): boolean {
  for (const each of found) if (each === inode) return true;
  return false;
}

/** proc_net_tcp.rst: sl, local address, remote address, state (0A: LISTEN), …, inode as the tenth. */
function* listeners(table: string, port: number): Generator<number> {
  const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  for (const line of lines(table)) {
    const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
    if (state !== "0A" && state !== heading) return;
    if (local.endsWith(end)) yield Number(inode);
  }
}

function* lines(table: string): Generator<string> {
  let file: number;
  try {
    file = openSync(table, "r");
  } catch {
    return;
  }
  try {
    let rest = "";
    for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) {
      const parts = (rest + piece.toString("latin1", 0, read)).split("\n");
      rest = parts.pop() ?? "";
      yield* parts;
    }
  } finally {
    closeSync(file);
  }
}
