import { isAlive, type ProcessIdentity } from "../../agent/contract/process-identity.ts";
import { homeFrom } from "../app/config.ts";
import type { Command } from "./command.ts";
import { runningAgent, runningAppliance, serviceOf } from "./running.ts";

const patience_ms = 30_000;

export const stop: Command = {
  name: "stop",
  summary: "Stops the appliance and the agent that run from a home on this machine.",
  options: { home: { value: "DIR", help: "which one (default: $HYPERVIZE_HOME)" } },
  notes:
    "Runtimes that a production agent started keep serving, and the agent adopts them when it returns. A demo's runtimes stop too.",
  async run(words, terminal) {
    const home = homeFrom(words.text("home"));
    const appliance = runningAppliance(home);
    if (appliance) await end("the appliance", appliance, terminal.out);
    const agent = runningAgent(home);
    if (agent) await end("the agent", agent, terminal.out);
    if (!appliance && !agent) terminal.out(`Nothing runs from ${home}.`);
    return 0;
  },
};

export async function end(
  what: string,
  running: ProcessIdentity,
  out: (line: string) => void,
): Promise<void> {
  const service = serviceOf(running);
  if (service !== undefined) {
    throw new Error(
      `${what} is a service, which systemd would start again. Stop it with: systemctl stop ${service}`,
    );
  }
  process.kill(running.pid, "SIGTERM");
  const deadline = Date.now() + patience_ms;
  while (isAlive(running)) {
    if (Date.now() > deadline) {
      throw new Error(`${what} (process ${running.pid}) did not stop in ${patience_ms / 1000} s.`);
    }
    await Bun.sleep(20);
  }
  out(`Stopped ${what} (process ${running.pid}).`);
}
