/** `hypervize doctor`: what is wrong with this host, and what to do. */
import { homesFrom, llamaServerFrom } from "../app/config.ts";
import { type Command, UsageError } from "./command.ts";
import { runningAgent, runningAppliance } from "./running.ts";

export interface Finding {
  name: string;
  state: "ok" | "warn" | "fail" | "unknown";
  detail: string;
  /** Empty where nothing is to be done. */
  advice: string;
}

/** What main.ts passes in. */
export type Examine = (visit: {
  home: string;
  url: string | undefined;
  llama: string | undefined;
  running: { appliance: boolean; agent: boolean };
  agent_pid: number | undefined;
  quick: boolean;
}) => Promise<Finding[]>;

export function doctorCommand(examine: Examine): Command {
  return {
    name: "doctor",
    summary: "Says what is wrong with this host, and what to do.",
    options: {
      quick: { help: "do not measure the disk (256 MiB, at most 3 s)" },
      url: {
        value: "URL",
        help: "the appliance, to compare clocks (default: the one that runs from the home)",
      },
      "llama-server": { value: "PATH", help: "the runtime to look at (default: from PATH)" },
      home: { value: "DIR", help: "data folder (default: $HYPERVIZE_HOME)" },
      json: { help: "print as JSON" },
    },
    notes: "Exits with 1 when a check fails. Warnings and unknown results do not count.",
    async run(words, terminal) {
      const homes = homesFrom(words.text("home"), ["agent", "appliance"]);
      const home = homes.find(runningAgent) ?? homes.find(runningAppliance) ?? homes[0] ?? "";
      const agent = runningAgent(home);
      const appliance = homes.map(runningAppliance).find((running) => running !== undefined);
      const findings = await examine({
        home,
        url: urlIn(words.text("url")) ?? appliance?.url,
        llama: llamaServerFrom(words.text("llama-server")),
        running: { appliance: appliance !== undefined, agent: agent !== undefined },
        agent_pid: agent?.pid,
        quick: words.flag("quick"),
      });
      const failed = findings.some(({ state }) => state === "fail");
      terminal.out(words.flag("json") ? JSON.stringify(findings, null, 2) : inWords(findings));
      return failed ? 1 : 0;
    },
  };
}

function urlIn(word: string | undefined): string | undefined {
  if (word === undefined || /^https?:$/.test(URL.parse(word)?.protocol ?? "")) return word;
  throw new UsageError("--url takes the appliance's address, as http://appliance:8080.");
}

const signs = { ok: "ok  ", warn: "WARN", fail: "FAIL", unknown: "?   " };

/** Words and not colours say how bad it is, so that a pipe loses nothing. */
export function inWords(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.flatMap(({ name, state, detail, advice }) => [
    `${signs[state]}  ${name.padEnd(width)}  ${printable(detail)}`,
    ...(advice === "" ? [] : [`${" ".repeat(width + 8)}${printable(advice)}`]),
  ]);
  const count = (state: Finding["state"]) => findings.filter((one) => one.state === state).length;
  const total = `${count("fail")} failed, ${count("warn")} to look at, ${count("ok")} good, ${count("unknown")} not known.`;
  return [...lines, "", total].join("\n");
}

/** Other programs' words reach a terminal here. */
const printable = (text: string): string => text.replace(/\p{Cc}/gu, " ");
