/** How fast the compiled binary is, next to nginx and to the runtime itself, with all that it does switched on. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Length, PartName } from "./parts.ts";
import { table } from "./report.ts";

const root = join(import.meta.dir, "../..");

const usage = `usage: npm run bench -- [--short] [--json] [--only PART] [--minutes N]

Builds the binary, starts appliance, agent and nginx on loopback with one mock runtime behind both, alternates
the load between them and prints medians. It ends what it started. Numbers mean something on an idle machine.

  --only nonstream   whole answers a second at 64 connections, next to nginx with one worker
         latency     how much later one answer is than from the runtime itself, at 200 requests a second
         streams     1,000 streams at once, 100 chunks each 20 ms apart: first event, CPU and memory
         hold        4,000 streams held open on one process, all whole
         soak        mixed traffic with random aborts: memory, and what is left in flight
         portkey     whole answers a second next to the Portkey gateway of npm (fetched into .tools)
         tunnel      streams of a host that is reached by tunnels, next to one that is reached by its relay
         weights     a download with its checksum, next to curl without one
                     without --only: streams, latency and nonstream
  --short            shorter runs and streams of 60 chunks: under 50 s in all
  --json             the last line is one JSON object
  --minutes N        how long the soak takes (default 5)

HYPERVIZE_BINARY measures that file instead of what the sources make.
It needs a C compiler and nginx: apt-get install gcc libc6-dev nginx-light`;

/** Memory is measured on a heap that no load has swollen yet, so streams come first. */
const usual: readonly PartName[] = ["streams", "latency", "nonstream"];
const others: readonly PartName[] = ["hold", "soak", "portkey", "tunnel", "weights"];

interface Options extends Length {
  isJson: boolean;
  parts: readonly PartName[];
}

function optionsFrom(argv: readonly string[]): Options | "help" {
  const { values } = parseArgs({
    args: argv.filter((word) => word !== "--"),
    options: {
      short: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean" },
      only: { type: "string" },
      minutes: { type: "string", default: "5" },
    },
  });
  if (values.help) return "help";
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error("--minutes takes a number above 0.");
  const only = [...usual, ...others].find((name) => name === values.only);
  if (values.only !== undefined && !only) throw new Error(`There is no part "${values.only}".`);
  return {
    isShort: values.short,
    isJson: values.json,
    minutes,
    parts: only ? [only] : usual,
  };
}

async function buildBinary(): Promise<string> {
  const build = Bun.spawn([process.execPath, join(root, ".ci/build.ts")], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if ((await build.exited) !== 0) throw new Error("The binary could not be built.");
  return join(root, "dist/hypervize");
}

async function run({ parts, isJson, ...length }: Options): Promise<void> {
  process.env["HYPERVIZE_BINARY"] ||= await buildBinary();
  // Only now: the testbed reads which program to run when it is loaded.
  const { measure } = await import("./parts.ts");
  const { rows, fields, without } = await measure(parts, length);
  say(table(rows));
  if (without) say(`This binary was measured without ${without.join(" and ")}.`);
  if (isJson) say(JSON.stringify(fields));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function explain(error: unknown, code: number): void {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = code;
}

function main(argv: readonly string[]): Promise<void> | void {
  let options: Options | "help";
  try {
    options = optionsFrom(argv);
  } catch (error) {
    return explain(`${error instanceof Error ? error.message : error}\n${usage}`, 2);
  }
  return options === "help" ? say(usage) : run(options).catch((error) => explain(error, 1));
}

await main(process.argv.slice(2));
