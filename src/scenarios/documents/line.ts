/** What becomes of a page's shell lines in the tests. */

/** `{}`: the line is run as it stands (but for `stand-ins.ts`), and must end with 0. */
export interface Line {
  /** Why it is not run as it stands. */
  because?: string;
  /** What of it is run instead. */
  run?: string;
  /** Instead of 0. */
  code?: number;
  /** What it must print. */
  says?: RegExp;
  /** Of a line like `hypervize models list|show`: the words behind each verb, in the order to run them. */
  each?: Readonly<Record<string, string>>;
}

export interface Page {
  /** Below the repository's root. */
  file: string;
  /**
   * By the line as the page has it, without comments and with one blank for each line break that is escaped. A line
   * that only asks or changes the sandbox's appliance needs no entry: see `isHarmless`.
   */
  lines: Readonly<Record<string, Line>>;
}

/** What is run for TEXT; throws where TEXT and its table disagree. */
export function scriptOf(text: string, { because, run, each }: Line): string {
  if (run !== undefined && because === undefined) throw new Error(`Say why "${text}" is not run.`);
  if (!each) return run ?? text;
  const [, before = "", verbs = ""] = /^(.*) (\S+\|\S+)$/.exec(text) ?? [];
  const named = verbs.split("|").toSorted().join(" ");
  const known = Object.keys(each).toSorted().join(" ");
  if (named !== known) throw new Error(`"${text}" names ${named}; its table knows ${known}.`);
  return Object.entries(each)
    .map(([verb, words]) => `${before} ${verb} ${words}`.trimEnd())
    .join("\n");
}

/** Whether TEXT may be run as it stands on anybody's machine: it goes to the appliance of the sandbox, and ends. */
export const isHarmless = (text: string): boolean =>
  /^(?:hypervize (?!serve\b|agent\b|demo\b|stop\b|bundle import\b)|curl http:\/\/localhost:8080\/)/.test(
    text,
  ) && !/[;&|<>`]|\$\(/.test(text.replace(/'[^']*'|"[^"$`]*"/g, ""));
