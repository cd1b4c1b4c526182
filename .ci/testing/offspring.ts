/**
 * The processes that this one has started, and those that they have: also those that left their group, their session
 * and their parents, and that were given an empty environment. Linux hands a process whose parent has ended to the
 * nearest ancestor that asked for it (prctl(2), PR_SET_CHILD_SUBREAPER), and that is this one. So all of them stay
 * below it, and are ended by their ids.
 */
import { dlopen } from "bun:ffi";
import { readdirSync, readFileSync } from "node:fs";

const set_parent_death_signal = 1;
const set_child_subreaper = 36;
const do_not_wait = 1;
const sigterm = 15;
const look_every_ms = 200;

const libc = dlopen("libc.so.6", {
  prctl: { args: ["int", "u64", "u64", "u64", "u64"], returns: "int" },
  waitpid: { args: ["int", "ptr", "int"], returns: "int" },
}).symbols;

export interface Process {
  pid: number;
  parent: number;
  name: string;
  zombie: boolean;
}

export class Offspring {
  /** Those that Bun itself waits for. */
  readonly #own = new Set<number>();
  readonly #looking: NodeJS.Timeout;

  /** Once in a process. It ends by SIGTERM when its own parent does, also where that is killed. */
  constructor() {
    libc.prctl(set_child_subreaper, 1n, 0n, 0n, 0n);
    libc.prctl(set_parent_death_signal, BigInt(sigterm), 0n, 0n, 0n);
    // What has ended would look alive to a test that waits for its end.
    this.#looking = setInterval(() => this.#reap(), look_every_ms);
    this.#looking.unref();
  }

  /** PID was started by Bun's own means, which wants to hear of its end. */
  adopt(pid: number | undefined): void {
    if (pid) this.#own.add(pid);
  }

  /** Who is there, below this process. */
  alive(): Process[] {
    return below(process.pid).filter(({ zombie }) => !zombie);
  }

  /** Ends all of them, and says which there were. A killed one may just have started another. */
  async end(): Promise<Process[]> {
    const ended = new Map<number, Process>();
    for (let round = 0; round < 100; round++) {
      const there = this.alive();
      if (there.length === 0) break;
      for (const found of there) {
        ended.set(found.pid, found);
        kill(found.pid);
      }
      await Bun.sleep(20);
      this.#reap();
    }
    return [...ended.values()];
  }

  #reap(): void {
    for (const { pid, parent, zombie } of below(process.pid)) {
      if (zombie && parent === process.pid && !this.#own.has(pid)) {
        libc.waitpid(pid, null, do_not_wait);
      }
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function below(ancestor: number): Process[] {
  const byParent = Map.groupBy(everybody(), ({ parent }) => parent);
  const found: Process[] = [];
  for (const queue = [ancestor]; queue.length > 0; ) {
    const children = byParent.get(queue.shift() ?? 0) ?? [];
    found.push(...children);
    queue.push(...children.map(({ pid }) => pid));
  }
  return found;
}

function everybody(): Process[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      // The name stands in parentheses, and may have some itself (proc_pid_stat(5)).
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      const [, name = "", state = "", parent = ""] = /^\d+ \((.*)\) (\S) (\d+) /s.exec(stat) ?? [];
      return [{ pid: Number(entry), parent: Number(parent), name, zombie: state === "Z" }];
    } catch {
      return [];
    }
  });
}
