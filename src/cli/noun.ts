/** A noun of the command line: a table of verbs, each one request and one way to print it. */
import { homesFrom } from "../app/config.ts";
import { type Client, clientFor } from "./client.ts";
import { type Command, type Option, type Terminal, UsageError, type Words } from "./command.ts";
import { type Row, table } from "./print.ts";

export interface Action {
  usage: string;
  /** Other verbs for it, which stay accepted. */
  aliases?: readonly string[];
  /** Names of the words that may follow the verb; more are refused. */
  takes?: readonly string[];
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

/** The word that follows the verb, or is in its option. */
export function named(words: Words, option: string): string {
  const [, word] = words.positionals;
  const value = words.text(option);
  if (word && value && word !== value) {
    throw new UsageError(`Write it once: after the verb, or with --${option}.`);
  }
  const one = word || value;
  if (!one) {
    const what = option.toUpperCase();
    throw new UsageError(`One ${what} is needed, after the verb or with --${option}.`);
  }
  return one;
}

export function subject(words: Words): string {
  const [, id] = words.positionals;
  if (!id) throw new UsageError("An id is needed; `list` shows them.");
  return id;
}

/**
 * The path of what the word after the verb names: by its id, or by what people call it where only one is called so. What is
 * not in the list goes on as it is: the appliance knows more words for it.
 */
export async function pathOf(
  client: Client,
  words: Words,
  path: string,
  column: string,
): Promise<string> {
  const word = subject(words);
  const { data } = await client.get<{ data: Row[] }>(path);
  const called = data.filter((row) => row[column] === word && !row["revoked_at"]);
  if (data.some(({ id }) => id === word) || called.length === 0) {
    return `${path}/${encodeURIComponent(word)}`;
  }
  if (called.length === 1) return `${path}/${called[0]?.["id"]}`;
  const ids = called.map(({ id }) => id).join(", ");
  throw new UsageError(`${called.length} have this ${column}. Say which by its id: ${ids}.`);
}

function refuseMore({ name }: Noun, verb: string, action: Action, words: Words): void {
  const { takes = [], usage } = action;
  const given = words.positionals.length - 1;
  if (given <= takes.length) return;
  const are = takes.length > 1 ? "are" : "is";
  const refusal =
    takes.length === 0
      ? `${name} ${verb} takes options only.`
      : `One ${takes.join(" and one ")} ${are} needed, not ${given} words; quote words that contain spaces.`;
  throw new UsageError(`${refusal} Write: hypervize ${name} ${verb} ${usage}`.trimEnd());
}

/** The verb that we write and its action, for VERB or one of its aliases. */
function actionFor({ actions }: Noun, verb: string): [verb: string, action: Action] | undefined {
  return Object.entries(actions).find(
    ([name, { aliases = [] }]) => name === verb || aliases.includes(verb),
  );
}

function aliasLine({ actions }: Noun): string {
  const words = Object.entries(actions).flatMap(([verb, { aliases = [] }]) =>
    aliases.map((alias) => `${alias} for ${verb}`),
  );
  return words.length === 0 ? "" : `\n\nAlso accepted: ${words.join(", ")}.`;
}

export function commandOf(noun: Noun): Command {
  const lines = Object.entries(noun.actions).map(([verb, { usage }]) =>
    `  hypervize ${noun.name} ${verb} ${usage}`.trimEnd(),
  );
  return {
    name: noun.name,
    summary: noun.summary,
    usage: "[list] [options]",
    takes_words: true,
    options: {
      ...noun.options,
      json: { help: "print the answer as JSON" },
      home: { value: "DIR", help: "home of the appliance to talk to (default: $HYPERVIZE_HOME)" },
    },
    notes: `${lines.join("\n")}${aliasLine(noun)}\n\nHYPERVIZE_URL and HYPERVIZE_API_KEY reach an appliance on another machine.`,
    async run(words, terminal) {
      const word = words.positionals[0] ?? "list";
      const found = actionFor(noun, word);
      if (!found) {
        const known = Object.keys(noun.actions).join(", ");
        throw new UsageError(
          `"${noun.name} ${word}" is not a command; there are: ${known}. See \`hypervize ${noun.name} --help\`.`,
        );
      }
      const [verb, action] = found;
      refuseMore(noun, verb, action, words);
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
