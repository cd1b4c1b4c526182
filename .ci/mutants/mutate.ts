/**
 * One change each to a text in our format (Biome writes a blank on both sides of an operator, and none in type
 * arguments): a comparison, a clause, a condition, a call that is left out, a constant. Pure.
 */

export interface Mutant {
  file: string;
  /** Counted from 1. */
  line: number;
  /** Where in the file, and what stands there instead. */
  from: number;
  to: number;
  text: string;
  /** The line, and what was done to it: by these an equivalent is known, wherever the line goes. */
  before: string;
  change: string;
}

type Change = Pick<Mutant, "from" | "to" | "text" | "change">;

/** TEXT with its comments blank, and its strings and regular expressions made of quotes, so that places stay. */
function code(text: string): string {
  const parts =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|(?<=(?:[(,=:[!&|?{;\n]|\breturn)\s*)\/(?![/*])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/g;
  return text.replace(parts, (part) => part.replace(/[^\n]/g, /^\/[*/]/.test(part) ? " " : "'"));
}

const swaps: Readonly<Record<string, readonly string[]>> = {
  "===": ["!=="],
  "!==": ["==="],
  "<": ["<=", ">="],
  ">": [">=", "<="],
  "<=": ["<"],
  ">=": [">"],
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
};
const operators = /(?<= )(?:===|!==|<=|>=|<|>|\+|-|\*|\/)(?= )/g;

export function mutantsOf(file: string, text: string): Mutant[] {
  const plain = code(text);
  const changes: Change[] = [
    ...operatorChanges(plain),
    ...clauseChanges(plain),
    ...conditionChanges(plain),
    ...constantChanges(plain),
    ...callChanges(plain),
  ];
  const made = new Set<string>();
  const isNew = ({ from, to, text: other }: Change): boolean => {
    const result = text.slice(0, from) + other + text.slice(to);
    return made.size < made.add(result.replace(/\s+/g, " ")).size;
  };
  const seen = new Map<string, number>();
  /** The second time on a line it is another one. */
  const numbered = (line: number, change: string): string => {
    const count = (seen.get(`${line} ${change}`) ?? 0) + 1;
    seen.set(`${line} ${change}`, count);
    return count === 1 ? change : `${change} (${count})`;
  };
  return changes
    .filter((change) => !isOfTypes(plain, change.from) && isNew(change))
    .sort((a, b) => a.from - b.from || a.change.localeCompare(b.change))
    .map((change) => {
      const start = text.lastIndexOf("\n", change.from) + 1;
      const first = change.from === start ? start + 1 : change.from;
      const end = text.indexOf("\n", first);
      const line = text.slice(0, change.from).split("\n").length;
      return {
        file,
        ...change,
        line,
        change: numbered(line, change.change),
        before: text.slice(start, end === -1 ? undefined : end).trim(),
      };
    });
}

/** A line of a type or an interface, or of an import: nothing runs there. */
function isOfTypes(plain: string, at: number): boolean {
  const line = plain.slice(plain.lastIndexOf("\n", at) + 1, at);
  if (/^\s*(?:import|export type|type) /.test(line)) return true;
  const opened = plain.lastIndexOf("\ninterface ", at);
  const exported = plain.lastIndexOf("\nexport interface ", at);
  const begun = Math.max(opened, exported);
  return begun !== -1 && !plain.slice(begun, at).includes("\n}");
}

function* operatorChanges(plain: string): Generator<Change> {
  for (const { 0: operator, index: from } of plain.matchAll(operators)) {
    for (const text of swaps[operator] ?? []) {
      yield { from, to: from + operator.length, text, change: `${operator} to ${text}` };
    }
  }
  for (const { 0: name, index: from } of plain.matchAll(/\bMath\.(?:min|max)\b/g)) {
    const text = name === "Math.min" ? "Math.max" : "Math.min";
    yield { from, to: from + name.length, text, change: `${name} to ${text}` };
  }
  for (const { index: from } of plain.matchAll(/(?<=[(\s])!(?=[\w(])/g)) {
    yield { from, to: from + 1, text: "", change: "without !" };
  }
}

/** Each side of `&&` and `||` alone; what stands behind `??` left out. */
function* clauseChanges(plain: string): Generator<Change> {
  for (const { 0: operator, index } of plain.matchAll(/(?<=\s)(?:&&|\|\||\?\?)(?=\s)/g)) {
    const [start, end] = [startOf(plain, index), endOf(plain, index + 2)];
    const left = plain.slice(start, index).trim();
    if (left === "" || end <= index + 2) continue;
    const behind = index + 2 + (plain.slice(index + 2).match(/^\s*/)?.[0].length ?? 0);
    yield { from: index, to: end, text: "", change: `without what follows ${operator}` };
    if (operator !== "??") {
      yield { from: start, to: behind, text: "", change: `without what precedes ${operator}` };
    }
  }
}

const opening = "([{";
const closing = ")]}";

/** Where the operand that ends at AT begins. */
function startOf(plain: string, at: number): number {
  let depth = 0;
  for (let i = at - 1; i >= 0; i--) {
    const character = plain.charAt(i);
    if (closing.includes(character)) depth += 1;
    else if (opening.includes(character)) depth -= 1;
    const ahead = plain.slice(0, i + 1);
    const isEdge =
      /[;,]$/.test(ahead) ||
      / (?:&&|\|\||\?\?|\?|:|=>|=|return)$/.test(ahead) ||
      /\breturn$/.test(ahead);
    if (depth < 0 || (depth === 0 && isEdge)) return skipBlanks(plain, i + 1);
  }
  return 0;
}

function skipBlanks(plain: string, at: number): number {
  return at + (plain.slice(at).match(/^\s*/)?.[0].length ?? 0);
}

/** Where the operand that begins behind AT ends. */
function endOf(plain: string, at: number): number {
  let depth = 0;
  for (let i = at; i < plain.length; i++) {
    const character = plain.charAt(i);
    if (opening.includes(character)) depth += 1;
    else if (closing.includes(character)) depth -= 1;
    if (
      depth < 0 ||
      (depth === 0 && /^(?:[;,]|\s(?:&&|\|\||\?\?|\?|:)\s)/.test(plain.slice(i, i + 4)))
    ) {
      return i;
    }
  }
  return plain.length;
}

function* conditionChanges(plain: string): Generator<Change> {
  for (const { 0: head, index } of plain.matchAll(/\bif \(/g)) {
    const from = index + head.length;
    const to = endOf(plain, from);
    for (const text of ["true", "false"]) yield { from, to, text, change: `if to ${text}` };
  }
  for (const { 0: word, index: from } of plain.matchAll(/(?<=[\s(:])(?:true|false)(?=[;,)\s])/g)) {
    const text = word === "true" ? "false" : "true";
    yield { from, to: from + word.length, text, change: `${word} to ${text}` };
  }
}

function* constantChanges(plain: string): Generator<Change> {
  for (const { 0: number, index: from } of plain.matchAll(
    /(?<![\w.#])\d[\d_]*(?:\.\d+)?(?:e\d+)?(?![\w.])/g,
  )) {
    // Of an index or of a type's own literal nothing is decided.
    const value = Number(number.replaceAll("_", ""));
    for (const other of new Set([value + 1, value === 0 ? 1 : 0])) {
      yield {
        from,
        to: from + number.length,
        text: String(other),
        change: `${number} to ${other}`,
      };
    }
  }
}

/** A statement that is a call, and a `filter` in a chain. */
function* callChanges(plain: string): Generator<Change> {
  for (const { 0: line, index } of plain.matchAll(/^ +(?:await |void )?\w[\w#.?]*\(/gm)) {
    const name = line.trim();
    if (/^(?:if|for|while|switch|return|throw|super|function|constructor|catch)\b/.test(name))
      continue;
    const end = endOf(plain, index + line.length) + 1;
    if (plain.charAt(end) !== ";" || /[\w,(=?:&|>]\s*$/.test(plain.slice(0, index))) continue;
    const from = index + line.length - line.trimStart().length;
    yield { from, to: end + 1, text: "", change: "without the call" };
  }
  for (const { 0: head, index: from } of plain.matchAll(/\.filter\(/g)) {
    const to = endOf(plain, from + head.length) + 1;
    yield { from, to, text: "", change: "without the filter" };
  }
}
