/** Starts the same command again in the background and waits until it is ready, or says why not. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runDetached, self } from "./agent-process.ts";
import type { Terminal } from "./command.ts";
import { chatOnce, readDemo, summary } from "./demo-answer.ts";

const ready_within_ms = 120_000;
const log = "appliance.log";

export async function detach(home: string, terminal: Terminal): Promise<number> {
  const words = process.argv.slice(2).filter((word) => word !== "--detach");
  const child = runDetached([...self(), ...words], home, log);
  const gone = once(child, "exit");
  const deadline = Date.now() + ready_within_ms;
  while (readDemo(home)?.pid !== child.pid) {
    const ended = await Promise.race([gone, Bun.sleep(50)]);
    if (ended) throw new Error(lastLine(join(home, "logs", log)));
    if (terminal.stop.aborted || Date.now() > deadline) {
      child.kill("SIGTERM");
      await gone;
      throw new Error(`The demo was not ready in time; ${join(home, "logs", log)} says more.`);
    }
  }
  child.unref();
  const demo = readDemo(home);
  if (demo) terminal.out(summary(demo, await chatOnce(demo)));
  terminal.out(`  Stop it with:  ${self().join(" ")} stop --home '${home}'`);
  return 0;
}

/** The child's own sentence, as it wrote it before it gave up. */
function lastLine(file: string): string {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.at(-1)?.replace(/^hypervize: /, "") ?? `It ended at once; ${file} is empty.`;
}
