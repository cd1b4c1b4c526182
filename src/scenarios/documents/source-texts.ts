/** What the source itself says there is, for pages that list it. Tests, test beds and stand-ins do not count. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "../../..");

/** By path: the sources of the program that PATTERN names. */
export function sources(pattern: string): readonly string[] {
  return [...new Bun.Glob(pattern).scanSync({ cwd: root, dot: true })]
    .filter((file) => !/\.test\.tsx?$|testbed|scenarios\/|\/fakes\/|samples\//.test(file))
    .toSorted()
    .map((file) => readFileSync(join(root, file), "utf8"));
}

const word = /^"([a-z][a-z0-9]*(?:_[a-z0-9]+)*)"$/;

/** Every `code` that an error can have. */
export function errorCodes(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const text of sources("src/**/*.ts")) {
    for (const [, code = ""] of text.matchAll(
      /\bcode(?:: |(?:: [a-z |]+)? = )"([a-z][a-z0-9_]*)"(?=[),\n]| \})/g,
    )) {
      found.add(code);
    }
    for (const [called, at] of [
      ["badRequest(", 2],
      ["notFound(", 1],
      ["taken(", 1],
      ["refused(", 1],
    ] as const) {
      for (const words of callsOf(called, text)) {
        const code = word.exec(words[at] ?? "")?.[1];
        if (code !== undefined) found.add(code);
      }
    }
  }
  return found;
}

/** The arguments of each call that begins with CALLED, as they are written. */
function callsOf(called: string, text: string): string[][] {
  const found: string[][] = [];
  for (let at = text.indexOf(called); at !== -1; at = text.indexOf(called, at + 1)) {
    if (!/[\w.]/.test(text[at - 1] ?? "")) found.push(wordsFrom(text, at + called.length));
  }
  return found;
}

/** A string, a comment, a bracket, a comma, or else one character. */
const pieces =
  /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\[\s\S]|[^`\\])*`|\/\/[^\n]*|(?<open>[([{])|(?<close>[)\]}])|(?<comma>,)|[\s\S]/g;

function wordsFrom(text: string, start: number): string[] {
  const words = [""];
  let depth = 0;
  for (const { 0: piece, groups = {} } of text.slice(start).matchAll(pieces)) {
    if (groups["open"]) depth++;
    if (groups["close"] && depth-- === 0) break;
    if (groups["comma"] && depth === 0) words.push("");
    else words[words.length - 1] += piece;
  }
  return words.map((each) => each.trim());
}

/** Every variable of the environment that the program or its scripts read. */
export function variables(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const text of sources("{src,agent}/**/*.ts")) {
    for (const [, name = ""] of text.matchAll(/\benv\["([A-Z][A-Z0-9_]+)"\]/g)) found.add(name);
    for (const [, names = ""] of text.matchAll(/\{ ([A-Z][A-Z0-9_, ]+) \}: Env\b/g)) {
      for (const name of names.split(", ")) found.add(name);
    }
  }
  for (const text of [...sources("install.sh"), ...sources(".ci/*.sh")]) {
    for (const [, name = ""] of text.matchAll(/\$\{?(HYPERVIZE_[A-Z_]+)\b/g)) found.add(name);
  }
  return found;
}
