/** The tables of docs/settings.md that are made from the program itself: `npm run docs` writes them into it. */
import { join } from "node:path";
import { groups, secretOf } from "../../control/settings/groups.ts";
import { Failure } from "../../shared/failure.ts";

const root = join(import.meta.dir, "../../..");
const mark = (name: string) => `<!-- made by npm run docs: ${name} -->`;
const end = "<!-- end -->";

/** PAGE with each of its marked places filled. Throws where the page has no place for a table, or one for none. */
export function filled(page: string): string {
  const tables = {
    commands: commandTables(),
    installer: installerTable(),
    settings: settingsTable(),
  };
  const places = page.split("<!-- made by ").length - 1;
  if (places !== Object.keys(tables).length) throw new Error(`The page has ${places} places.`);
  return Object.entries(tables).reduce((before, [name, table]) => {
    const from = before.indexOf(mark(name));
    const to = before.indexOf(end, from);
    if (from === -1 || to === -1) throw new Error(`The page has no place for ${name}.`);
    return `${before.slice(0, from)}${mark(name)}\n\n${table}\n\n${before.slice(to)}`;
  }, page);
}

/** Of ENV it has nothing but PATH, so that no default is this machine's own. */
function said(words: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const { stdout, exitCode } = Bun.spawnSync([...words], {
    cwd: root,
    env: { PATH: process.env["PATH"], ...env },
  });
  if (exitCode !== 0) throw new Error(`${words.join(" ")} ended with ${exitCode}.`);
  return stdout.toString();
}

/** `  --name VALUE   text`, or the two on lines of their own. */
const option = /^ {2}(--[a-z0-9-]+(?: \S+)*)(?: {2,}|\n {4,})(\S.*(?:\n {8,}\S.*)*)/gm;

const optionsIn = (help: string) =>
  [...help.matchAll(option)]
    .map(([, flag = "", text = ""]) => [`\`${flag}\``, text.replace(/\s+/g, " ")] as const)
    .filter(([flag]) => flag !== "`--help`");

function commandTables(): string {
  const help = (...words: string[]) => said([process.execPath, "src/main.ts", ...words, "--help"]);
  const names = [...help().matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name = ""]) => name);
  return names
    .map(
      (name) =>
        `### hypervize ${name}\n\n${table(["flag", "what it does"], optionsIn(help(name)))}`,
    )
    .join("\n\n");
}

const installerTable = (): string =>
  table(["flag", "what it does"], optionsIn(said(["./install.sh", "--help"], { HOME: "~" })));

function settingsTable(): string {
  const rows = Object.entries(groups).flatMap(([group, fields]) => [
    ...Object.entries(fields).map(([name, field]) => [
      `\`${group}.${name}\``,
      boundsOf(field),
      shown(field.initial),
    ]),
    ...Object.entries(secretOf)
      .filter(([of]) => of === group)
      .map(([, name]) => [`\`${group}.${name}\``, "one line; it is never shown again", "none"]),
  ]);
  return table(["setting", "what it may be", "default"], rows);
}

/** What a field itself says when it gets what it cannot take. */
function boundsOf(field: { check(value: unknown, name: string): unknown }): string {
  try {
    field.check("\u0001", "it");
  } catch (error) {
    const words = error instanceof Failure ? /^`it` must be (.*)\.$/s.exec(error.message) : null;
    if (words?.[1]) return words[1];
  }
  throw new Error("A field did not say what it may be.");
}

const shown = (value: unknown): string => {
  if (value === "" || (Array.isArray(value) && value.length === 0)) return "none";
  return `\`${value}\``;
};

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) throw new Error("A table has no rows.");
  const all = [head, ...rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")))];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [first = head, ...rest] = all;
  return [line(first), line(widths.map((width) => "-".repeat(width))), ...rest.map(line)].join(
    "\n",
  );
}
