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
