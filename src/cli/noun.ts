/** A noun of the command line: a table of verbs, each one request and one way to print it. */
import { homesFrom } from "../config.ts";
import { type Client, clientFor } from "./client.ts";
import { type Command, type Option, type Terminal, UsageError, type Words } from "./command.ts";
import { type Row, table } from "./print.ts";

export interface Action {
  usage: string;
  call(client: Client, words: Words): Promise<unknown>;
  /** Columns for people; without them the answer is printed as a sentence by `say`. */
  columns?: readonly string[];
  say?(answer: never): string;
  /** Instead of printing: goes on from the answer, and decides the exit code. */
  follow?(answer: never, client: Client, words: Words, terminal: Terminal): Promise<number>;
}

export interface Noun {
  name: string;
  summary: string;
  options: Record<string, Option>;
  actions: Record<string, Action>;
}

export const list = (path: string, columns: readonly string[]): Action => ({
  usage: "",
  columns,
  call: (client) => client.get(path),
});

export function needed(words: Words, option: string): string {
  const value = words.text(option);
  if (!value) throw new UsageError(`--${option} is needed.`);
  return value;
}

export function subject(words: Words): string {
  const [, id] = words.positionals;
  if (!id) throw new UsageError("An id is needed; `list` shows them.");
  return id;
}

export function commandOf(noun: Noun): Command {
  const lines = Object.entries(noun.actions).map(([verb, { usage }]) =>
    `  hypervize ${noun.name} ${verb} ${usage}`.trimEnd(),
  );
  return {
    name: noun.name,
    summary: noun.summary,
    usage: "[list] [options]",
    options: {
      ...noun.options,
      json: { help: "print the answer as JSON" },
      home: { value: "DIR", help: "home of the appliance to talk to (default: $HYPERVIZE_HOME)" },
    },
    notes: `${lines.join("\n")}\n\nHYPERVIZE_URL and HYPERVIZE_API_KEY reach an appliance on another machine.`,
    async run(words, terminal) {
      const verb = words.positionals[0] ?? "list";
      const action = noun.actions[verb];
      if (!action) {
        const known = Object.keys(noun.actions).join(", ");
        throw new UsageError(`"${noun.name} ${verb}" is not a command; there are: ${known}.`);
      }
      const client = clientFor(homesFrom(words.text("home"), ["appliance"]));
      const answer = await action.call(client, words);
      if (action.follow) return action.follow(answer as never, client, words, terminal);
      if (words.flag("json")) terminal.out(JSON.stringify(answer ?? {}, null, 2));
      else if (action.columns)
        terminal.out(table((answer as { data: Row[] }).data, action.columns));
      else terminal.out(action.say?.(answer as never) ?? "Done.");
      return 0;
    },
  };
}
