/**
 * What people may set for a replica: arguments and variables by lists of what is allowed, each with what its value may
 * be. Runtimes have hundreds of flags, and some of each load code, open files, listen or log prompts; their parsers
 * know aliases, beginnings of names and `_` for `-`. So what is passed on is not what was written but what was
 * understood of it. The control plane refuses the rest at once; the agent refuses it too, because a host does not
 * have to trust the control plane in this. Pure.
 */
import { sglang, vllm } from "../settings/engines.ts";
import { llamaServer } from "../settings/llama-server.ts";
import type { Table } from "../settings/table.ts";
import type { Value } from "../settings/value.ts";
import { instead, variables } from "../settings/variables.ts";

const tables: ReadonlyMap<string, Table> = new Map([
  ["llama-server", llamaServer],
  ["vllm", vllm],
  ["sglang", sglang],
]);

/** Arguments as the runtime gets them, or the sentence to refuse them with. */
export type ReadArguments =
  | { args: readonly string[]; refused?: undefined }
  | { args?: undefined; refused: string };

/** No sentence quotes a value, which may be a secret. */
export function readArguments(args: readonly string[], runtime: string): ReadArguments {
  const table = tables.get(runtime);
  if (table === undefined && args.length > 0) {
    return {
      refused: `No arguments are known for the runtime ${inWords(runtime)}. Leave them out.`,
    };
  }
  const words: string[] = [];
  for (let at = 0; table !== undefined && at < args.length; ) {
    const read = readOne(args, at, { table, runtime });
    if (typeof read === "string") return { refused: read };
    words.push(...read);
    // A flag and its value are one word where `=` is between them.
    at += (args[at] ?? "").includes("=") ? 1 : read.length;
  }
  return { args: words };
}

/** The sentence to refuse ARGS of RUNTIME with; undefined when they are good. */
export const refusedArgument = (args: readonly string[], runtime: string): string | undefined =>
  readArguments(args, runtime).refused;

interface Reader {
  table: Table;
  runtime: string;
}

/** What stands at AT: a flag, and its value where it has one; or why not. */
function readOne(
  args: readonly string[],
  at: number,
  { table, runtime }: Reader,
): readonly string[] | string {
  const word = args[at] ?? "";
  if (!/^-+[^-\d.\s]/.test(word)) {
    return `Word ${at + 1} of the arguments belongs to no flag of ${runtime}. A flag has at most one value behind it.`;
  }
  const [, written = "", inline] = /^([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  const flag = written.startsWith("--") ? written.replaceAll("_", "-") : written;
  const value = table.allowed.get(flag);
  if (value === undefined) return refusal(written, flag, { table, runtime });
  return value === null ? readSwitch(flag, inline) : readValue(flag, inline ?? args[at + 1], value);
}

const readSwitch = (flag: string, inline: string | undefined): readonly string[] | string =>
  inline === undefined ? [flag] : `The argument ${flag} takes no value. Write it alone.`;

function readValue(
  flag: string,
  text: string | undefined,
  value: Value,
): readonly string[] | string {
  const read = text === undefined ? undefined : value.read(text);
  return read === undefined
    ? `The value of the argument ${flag} must be ${value.must}.`
    : [flag, read];
}

function refusal(written: string, flag: string, { table, runtime }: Reader): string {
  const begun = `The argument ${inWords(written)} may not be set for ${runtime}`;
  const reason = table.refused.get(flag);
  if (reason !== undefined) return `${begun}: ${reason}.`;
  return `${begun}: it is not among those that are known to tune it alone. Write a flag in full, or leave it out.`;
}

/** The sentence to refuse the variables ENV with; undefined when they are good. */
export function refusedVariable(env: Readonly<Record<string, string>>): string | undefined {
  for (const [name, text] of Object.entries(env)) {
    const refused = refusedOne(name, text);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

function refusedOne(name: string, text: string): string | undefined {
  if (!/^[A-Za-z_]\w{0,127}$/.test(name)) {
    return `${JSON.stringify(name.slice(0, 128))} is no name of a variable. Use letters, digits and _.`;
  }
  const value = variables.get(name);
  if (value !== undefined) {
    return value.read(text) !== undefined
      ? undefined
      : `The variable ${name} must be ${value.must}.`;
  }
  const advice = instead.find(([pattern]) => pattern.test(name))?.[1];
  return `The variable ${name} may not be set for a replica. ${advice ?? "Only those that are known to tune a runtime alone may be. Remove it."}`;
}

const inWords = (word: string): string =>
  /^[\w.-]{1,64}$/.test(word) ? word : JSON.stringify(word.slice(0, 64));
