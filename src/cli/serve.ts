import { configFrom, default_agent_port, default_port } from "../app/config.ts";
import type { Command, Words } from "./command.ts";
import { forgetAppliance, recordAppliance, runningAppliance } from "./running.ts";

const port_range = [0, 65_535] as const;

export const serve: Command = {
  name: "serve",
  summary:
    "Starts the appliance: gateway, control plane, dashboard, and the port that host agents dial.",
  options: {
    home: { value: "DIR", help: "data folder (default: $HYPERVIZE_HOME)" },
    port: { value: "N", help: `HTTP port (default ${default_port})` },
    "agent-port": { value: "N", help: `port for host agents (default ${default_agent_port})` },
    host: { value: "ADDRESS", help: "address to bind (default 0.0.0.0)" },
    advertise: {
      value: "HOST:PORT",
      help: "what agents should dial, comma separated (default: this machine's addresses)",
    },
  },
  notes:
    "The first start creates an admin and writes the login to DIR/first-login.json, readable by you only.",
  async run(words, terminal) {
    const config = configFrom(flagsOf(words));
    const running = runningAppliance(config.home);
    if (running) {
      throw new Error(
        `An appliance already serves ${config.home} at ${running.url} (process ${running.pid}). Stop it with \`hypervize stop\`.`,
      );
    }
    const { startAppliance } = await import("../app/compose.ts");
    const appliance = await startAppliance(config, { log: terminal.err });
    recordAppliance(config.home, appliance.url);
    terminal.out(`Hypervize is up at ${appliance.url}`);
    await stopped(terminal.stop);
    terminal.err("Stopping: open requests may finish for up to 10 s.");
    await appliance.stop();
    forgetAppliance(config.home);
    return 0;
  },
};

function flagsOf(words: Words): Parameters<typeof configFrom>[0] {
  const home = words.text("home");
  const host = words.text("host");
  const port = words.integer("port", ...port_range);
  const agent_port = words.integer("agent-port", ...port_range);
  const advertise = words.text("advertise")?.split(",");
  return {
    ...(home && { home }),
    ...(host && { host }),
    ...(port !== undefined && { port }),
    ...(agent_port !== undefined && { agent_port }),
    ...(advertise && { advertise }),
  };
}

export function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
}
