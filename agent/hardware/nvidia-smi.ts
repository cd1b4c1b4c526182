/**
 * Runs nvidia-smi without ever waiting for it. When the driver hangs, nvidia-smi sleeps in the kernel and not
 * even KILL ends it: such a process is given up, and while it is there no further one is started beside it.
 */
import { type ChildProcess, spawn } from "node:child_process";

export interface NvidiaSmi {
  /** Hears the lines, errors too, until the process ends, is silent for SILENT_MS, or SIGNAL aborts. Never rejects. */
  follow(args: readonly string[], options: FollowOptions): Promise<SmiEnd>;
  /** Rejects with a sentence when it fails or does not answer within PATIENCE_MS. */
  ask(args: readonly string[], patience_ms: number, signal: AbortSignal): Promise<string>;
}

export interface FollowOptions {
  silent_ms: number;
  signal: AbortSignal;
  line(text: string): void;
}

/** Why a run is over, as the end of the sentence "nvidia-smi …". */
export type SmiEnd = string;

const most_chars = 1024 * 1024;

/** PATH of the program, ENV of the agent. Give each kind of question its own: they wait only for their own stuck process. */
export function nvidiaSmi(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): NvidiaSmi {
  let stuck: ChildProcess | undefined;

  function run(args: readonly string[], { silent_ms, signal, line }: FollowOptions) {
    return new Promise<SmiEnd>((settle) => {
      if (stuck !== undefined) {
        settle("still waits in the kernel: the driver hangs");
        return;
      }
      // The words that we read must be English.
      const english = { ...env, LC_ALL: "C" };
      const child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"], env: english });
      let last = "";
      let timer: ReturnType<typeof setTimeout> | undefined;
      const finish = (end: SmiEnd): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", aborted);
        settle(end);
      };
      const give_up = (end: SmiEnd): void => {
        stuck = child;
        child.kill("SIGKILL");
        child.stdout.destroy();
        child.stderr.destroy();
        finish(end);
      };
      const aborted = (): void => give_up("was told to end");
      const listen = (): void => {
        clearTimeout(timer);
        timer = setTimeout(
          () => give_up(`said nothing for ${silent_ms / 1000} s: the driver hangs`),
          silent_ms,
        );
      };
      const hear = (text: string): void => {
        listen();
        last = text || last;
        line(text);
      };
      eachLine(child.stdout, hear);
      eachLine(child.stderr, hear);
      child.once("error", (error) => finish(`cannot be started: ${error.message}`));
      child.once("exit", () => {
        if (stuck === child) stuck = undefined;
      });
      child.once("close", (code) => finish(code === 0 ? "ended" : `failed: ${last || code}`));
      signal.addEventListener("abort", aborted, { once: true });
      listen();
      if (signal.aborted) aborted();
    });
  }

  return {
    follow: run,
    async ask(args, patience_ms, signal) {
      let text = "";
      const end = await run(args, {
        silent_ms: patience_ms,
        signal,
        line(line) {
          if (text.length < most_chars) text += `${line}\n`;
        },
      });
      if (end !== "ended") throw new Error(`nvidia-smi ${end}`);
      return text;
    },
  };
}

function eachLine(stream: NodeJS.ReadableStream, hear: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = (lines.pop() ?? "").slice(-most_chars);
    for (const line of lines) hear(line.trim());
  });
  stream.on("end", () => {
    if (rest !== "") hear(rest.trim());
  });
}
