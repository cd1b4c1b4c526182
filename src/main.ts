/** Entry: finds the verb, reads its words, turns what goes wrong into one sentence and an exit code. */
import { writeSync } from "node:fs";
import { version } from "../package.json";
import { environment } from "./app/config.ts";
import { adminCommands } from "./cli/admin.ts";
import { agentCommand } from "./cli/agent.ts";
import { bundleCommand } from "./cli/bundle.ts";
import { type Command, help, read, type Terminal, UsageError } from "./cli/command.ts";
import { demo } from "./cli/demo.ts";
import { doctorCommand } from "./cli/doctor.ts";
import { serve } from "./cli/serve.ts";
import { sizeCommand } from "./cli/size.ts";
import { status } from "./cli/status.ts";
import { stop } from "./cli/stop.ts";

const commands: readonly Command[] = [
  serve,
  agentCommand(async (options) => {
    const { runAgent } = await import("../agent/main.ts");
    await runAgent({ ...options, version, env: environment() });
  }),
  demo,
  stop,
  status,
  sizeCommand,
  bundleCommand({
    exportBundle: async (wish) => (await import("../agent/bundle/export.ts")).exportBundle(wish),
    importBundle: async (wish) => (await import("../agent/bundle/import.ts")).importBundle(wish),
  }),
  doctorCommand(async (visit) => {
    const { examine } = await import("../agent/doctor/doctor.ts");
    const { thisHost } = await import("../agent/doctor/host.ts");
    return examine(thisHost, visit);
  }),
  ...adminCommands,
];

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`);
  return `usage: hypervize COMMAND [options]

${lines.join("\n")}

\`hypervize COMMAND --help\` says more; \`hypervize --version\` prints the version.
HYPERVIZE_HOME is the data folder.`;
}

/** What the API and the dashboard have, and the command line does not. */
const elsewhere = ["teams", "aliases", "providers", "prices", "alerts", "settings"];

function unknown(name: string): string {
  const hint = elsewhere.includes(name) ? `, but the dashboard and /api/${name} have them` : "";
  return `There is no command "${name}"${hint}. See \`hypervize --help\`.`;
}

async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = argv;
  if (name === "--version" || name === "version") {
    terminal.out(version);
    return 0;
  }
  if (name === undefined || name === "--help" || name === "help") {
    (name === undefined ? terminal.err : terminal.out)(overview());
    return name === undefined ? 2 : 0;
  }
  const command = commands.find((known) => known.name === name);
  if (!command) throw new UsageError(unknown(name));
  if (rest.includes("--help")) {
    terminal.out(help(command));
    return 0;
  }
  return command.run(read(command, rest), terminal);
}

const ending = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    // A second signal means: now.
    if (ending.signal.aborted) process.exit(130);
    ending.abort();
  });
}

/** Synchronous, so that nothing is lost when the process exits right after. */
function print(descriptor: 1 | 2, line: string): void {
  try {
    writeSync(descriptor, `${line}\n`);
  } catch (error) {
    // A reader that went away (`hypervize ... | head`) is not our failure.
    if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
  }
}

const terminal: Terminal = {
  out: (line) => print(1, line),
  err: (line) => print(2, line),
  stop: ending.signal,
};

const code = await main(process.argv.slice(2), terminal).catch((error: unknown) => {
  terminal.err(`hypervize: ${error instanceof Error ? error.message : String(error)}`);
  return error instanceof UsageError ? 2 : 1;
});
process.exit(code);
