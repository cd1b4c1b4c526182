/** What a verb of the command line is, and how its words are read and explained. */
import { parseArgs } from "node:util";

export interface Option {
  /** What stands for the value in the help text; absent for a switch. */
  value?: string;
  /** May be given several times. */
  repeated?: boolean;
  /** Other names of it, without dashes, which stay accepted. */
  aliases?: readonly string[];
  help: string;
}

export interface Command {
  name: string;
  summary: string;
  /** The part of the usage line after the name, e.g. `--join TOKEN`. */
  usage?: string;
  /** Further lines of help, below the options. */
  notes?: string;
  options: Record<string, Option>;
  /** Whether words without dashes may follow the name. */
  takes_words?: boolean;
  run(words: Words, terminal: Terminal): Promise<number>;
}

/** The words after the verb. */
export interface Words {
  text(option: string): string | undefined;
  /** Every value of a repeated option, in their order. */
  texts(option: string): readonly string[];
  flag(option: string): boolean;
  /** A whole number within bounds; a usage error otherwise. */
  integer(option: string, least: number, most: number): number | undefined;
  positionals: readonly string[];
}

export interface Terminal {
  out(line: string): void;
  err(line: string): void;
  /** Aborted by SIGINT and SIGTERM. */
  stop: AbortSignal;
}

/** The command was written wrongly: exit 2. */
export class UsageError extends Error {}

export function read(command: Command, argv: readonly string[]): Words {
  const parsed = parse(command, argv);
  if (!command.takes_words && parsed.positionals.length > 0) {
    // Not repeated: it may be a token or a password.
    const known = Object.entries(command.options).find(([, { value }]) => value !== undefined);
    const example = known ? `, such as --${known[0]} ${known[1].value}` : "";
    throw new UsageError(
      `${command.name} takes options only${example}. See \`hypervize ${command.name} --help\`.`,
    );
  }
  const said = (option: string): Said => {
    const names = [option, ...(command.options[option]?.aliases ?? [])];
    const [first, ...others] = names.flatMap((name) => {
      const value = parsed.values[name];
      return value === undefined ? [] : [{ name, value }];
    });
    const other = others.find(({ value }) => !Bun.deepEquals(value, first?.value));
    if (!first || !other) return first ?? { name: option, value: undefined };
    throw new UsageError(
      `--${first.name} and --${other.name} are two names of one option and have different values. Write --${first.name} only.`,
    );
  };
  const text = (option: string): string | undefined => {
    const { value } = said(option);
    return typeof value === "string" ? value : undefined;
  };
  return {
    text,
    texts: (option) => [said(option).value ?? []].flat().map(String),
    flag: (option) => said(option).value === true,
    integer(option, least, most) {
      const word = text(option);
      if (word === undefined) return undefined;
      const number = Number(word);
      if (/^\d+$/.test(word) && number >= least && number <= most) return number;
      throw new UsageError(
        `--${said(option).name} takes a whole number from ${least} to ${most}, not "${word}".`,
      );
    },
    positionals: parsed.positionals,
  };
}

/** The value of an option, and the name under which it was written. */
interface Said {
  name: string;
  value: string | boolean | (string | boolean)[] | undefined;
}

function parse(command: Command, argv: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries({ ...command.options, help: helpOption }).flatMap(([name, option]) =>
      [name, ...(option.aliases ?? [])].map((each) => [
        each,
        {
          type: option.value === undefined ? ("boolean" as const) : ("string" as const),
          multiple: option.repeated ?? false,
        },
      ]),
    ),
  );
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(". ")[0] : String(error);
    throw new UsageError(`${reason}. See \`hypervize ${command.name} --help\`.`);
  }
}

const helpOption: Option = { help: "show this text" };

const explained = ({ help: text, aliases = [] }: Option): string =>
  aliases.length === 0 ? text : `${text}; also ${aliases.map((name) => `--${name}`).join(", ")}`;

export function help(command: Command): string {
  const rows = Object.entries({ ...command.options, help: helpOption }).map(
    ([name, option]) =>
      [`--${name}${option.value ? ` ${option.value}` : ""}`, explained(option)] as const,
  );
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  const lines = rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`);
  const notes = command.notes ? `\n\n${command.notes}` : "";
  const usage = command.usage ? ` ${command.usage}` : " [options]";
  return `usage: hypervize ${command.name}${usage}\n\n${command.summary}\n\n${lines.join("\n")}${notes}`;
}
