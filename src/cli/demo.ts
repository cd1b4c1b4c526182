/**
 * `install.sh --demo`: an appliance, one agent on this machine and the demo model, proved by one real
 * chat completion through the gateway. The appliance runs in this process, the agent in a child with
 * a separate session: so kill -9 of the appliance leaves model and agent running, and the next
 * start finds them.
 */
import type { Appliance } from "../app/compose.ts";
import { configFrom, default_port, homeFrom, llamaServerFrom } from "../app/config.ts";
import { ensureAgent, stopAgent } from "./agent-process.ts";
import type { Command, Terminal, Words } from "./command.ts";
import { chatOnce, type Demo, readDemo, summary, writeDemo } from "./demo-answer.ts";
import { detach } from "./detach.ts";
import { forgetAppliance, recordAppliance, runningAppliance } from "./running.ts";
import { stopped } from "./serve.ts";

const model = { name: "hypervize-demo", source: "builtin:hypervize-demo" };
const ready_within_ms = 60_000;

export const demo: Command = {
  name: "demo",
  summary: "Starts appliance, agent and demo model on this machine and sends one chat completion.",
  options: {
    home: { value: "DIR", help: "data folder (default: $HYPERVIZE_HOME)" },
    port: { value: "N", help: `HTTP port (default ${default_port})` },
    "llama-server": { value: "PATH", help: "the runtime to use (default: from PATH)" },
    detach: { help: "return when it is ready; `hypervize stop --home DIR` ends it" },
  },
  async run(words, terminal) {
    const home = homeFrom(words.text("home"));
    const running = runningAppliance(home);
    const known = readDemo(home);
    if (running && known?.pid === running.pid) return again(known, terminal);
    if (running) {
      throw new Error(
        `An appliance already serves ${home} (process ${running.pid}). It is not a demo, or it is still starting. Wait, or choose another --home.`,
      );
    }
    if (words.flag("detach")) return detach(home, terminal);
    return foreground(home, words, terminal);
  },
};

async function again(known: Demo, terminal: Terminal): Promise<number> {
  terminal.out("The demo is already running.");
  terminal.out(summary(known, await chatOnce(known)));
  return 0;
}

async function foreground(home: string, words: Words, terminal: Terminal): Promise<number> {
  const port = words.integer("port", 1, 65_535) ?? default_port;
  const known = readDemo(home);
  const config = configFrom({ home, port, ...(known && { agent_port: known.agent_port }) });
  const { startAppliance } = await import("../app/compose.ts");
  const appliance = await startAppliance(config, { log: terminal.err, any_agent_port: !known });
  recordAppliance(home, appliance.url);
  try {
    const llamaServer = llamaServerFrom(words.text("llama-server"));
    ensureAgent(home, appliance, llamaServer);
    await start(home, appliance, known, terminal);
    await stopped(terminal.stop);
    terminal.err("Stopping the demo.");
  } finally {
    await stopAgent(home);
    await appliance.stop();
    forgetAppliance(home);
  }
  return 0;
}

/** Model, key, first answer, demo.json: in this order, so that demo.json means that all of it works. */
async function start(
  home: string,
  appliance: Appliance,
  known: Demo | undefined,
  terminal: Terminal,
): Promise<void> {
  await appliance.ensureModel(model);
  terminal.err("Waiting for the model.");
  await appliance.modelReady(
    model.name,
    AbortSignal.any([terminal.stop, AbortSignal.timeout(ready_within_ms)]),
  );
  const login = appliance.firstLogin();
  const demo: Demo = {
    url: appliance.url,
    api_key: await appliance.keepKey("demo", known?.api_key),
    admin_email: login.email,
    admin_password: login.password,
    model: model.name,
    pid: process.pid,
    agent_port: appliance.agent_port,
  };
  const answer = await chatOnce(demo);
  writeDemo(home, demo);
  terminal.out(summary(demo, answer));
}
