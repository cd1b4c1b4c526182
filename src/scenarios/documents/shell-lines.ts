/** The shell lines of a page of Markdown: those of its `sh` blocks, and commands that its prose names. */

export interface ShellLine {
  /** Without comments; a command that goes over several lines is one. */
  text: string;
  /** Of the page, counted from 1. */
  at: number;
}

const shells = /^(?:sh|bash|shell|console)$/;
/** Code in prose that is a command, and more of it than a program's name. */
const commands =
  /^(?:sudo|hypervize|npm|npx|bun|node|sh|bash|\.\/\S+|docker|podman|curl|git|apt|apt-get|systemctl|journalctl|usermod|runuser|export|cp|rm|tar|sqlite3|openssl|kubectl|helm|pip|uv|python3?)\s+\S/;

export function shellLines(page: string): ShellLine[] {
  const found: ShellLine[] = [];
  let prose = "";
  let from = 0;
  // Fences of CommonMark 4.5; what is between them keeps its place.
  const fences = /^( {0,3})(`{3,}|~{3,})[ \t]*([^\s`]*)[^\n]*\n([\s\S]*?)^ {0,3}\2[`~]*[ \t]*$/gm;
  for (const fence of page.matchAll(fences)) {
    const [whole, , , language = "", body = ""] = fence;
    prose += page.slice(from, fence.index) + whole.replace(/[^\n]/g, " ");
    from = fence.index + whole.length;
    const first = lineAt(page, fence.index) + 1;
    if (shells.test(language)) {
      found.push(...commandsOf(body).map(({ text, at }) => ({ text, at: first + at })));
    }
  }
  prose += page.slice(from);
  for (const span of prose.matchAll(/(?<!`)`([^`]+)`(?!`)/g)) {
    const text = (span[1] ?? "").replace(/\s+/g, " ").trim();
    if (commands.test(text)) found.push({ text, at: lineAt(page, span.index) });
  }
  return found.sort((a, b) => a.at - b.at);
}

export interface Shown {
  /** Of the page: where its commands begin, and where they end. */
  from: number;
  to: number;
  /** `…` is anything, a number any number, and blanks are as many as there are. */
  output: RegExp;
}

/** What pages show of a block's output: the `text` block that follows the block of commands. */
export function shownOutputs(page: string): Shown[] {
  const pairs =
    /^```(?:sh|bash|shell|console)\n((?:(?!```).*\n)*)```\n\n```text\n((?:(?!```).*\n)*)```$/gm;
  return [...page.matchAll(pairs)].map(({ index, 1: commands = "", 2: text = "" }) => {
    const from = lineAt(page, index) + 1;
    return { from, to: from + commands.split("\n").length - 1, output: asPattern(text) };
  });
}

/** In the order of the lines; others may stand between them. Numbers are examples. */
function asPattern(text: string): RegExp {
  const lines = text.split("\n").map((line) => line.trim().split(/\s+/).map(wordPattern));
  return new RegExp(lines.map((words) => words.join("[ \\t]+")).join("[ \\t]*[\\s\\S]*?"));
}

const wordPattern = (word: string): string =>
  word
    .split(/(…|^\d+$|localhost:8080)/)
    .map((part, i) => (i % 2 === 0 ? RegExp.escape(part) : (examples[part] ?? "\\d+")))
    .join("");
const examples: Readonly<Record<string, string>> = {
  "…": "[^\\n]*",
  "localhost:8080": "localhost:\\d+",
};

const lineAt = (page: string, index: number): number => page.slice(0, index).split("\n").length;

/** A quoted string, an escape with what it escapes, a comment, the end of a line, blanks, or else one character. */
const pieces =
  /'[^']*'|"(?:\\[\s\S]|[^"\\])*"|\\[\s\S]|(?<comment>(?<=^|[\s;&|(])#[^\n]*)|(?<end>\n)|(?<blank>[ \t]+)|[\s\S]/g;

/** AT counts from 0. A heredoc is not known here, and would be taken for commands. */
function commandsOf(block: string): ShellLine[] {
  const found: ShellLine[] = [];
  let text = "";
  let line = 0;
  let at = 0;
  for (const { 0: piece, groups = {} } of `${block}\n`.matchAll(pieces)) {
    if (text === "") at = line;
    line += piece.split("\n").length - 1;
    if (groups["end"]) {
      if (text !== "") found.push({ text: text.trim(), at });
      text = "";
    } else if (groups["blank"] || piece === "\\\n") {
      text = text.replace(/(?<=\S)$/, " ");
    } else if (!groups["comment"]) text += piece;
  }
  return found;
}
