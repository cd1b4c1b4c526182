/** Which lines of an engine's log complain, and so may say why it died. Pure. */

/** One line of a log that may be a cause. */
export interface Complaint {
  /** Its index in the log. */
  at: number;
  /** Without process, time, level and place in the source. */
  text: string;
  /** The lines before it, nearest last: of an exception, where it was raised. */
  context: string;
  /** `ValueError: …`, and not a line that only has the level of an error. */
  exception: boolean;
}

interface Line {
  /** As `(EngineCore_DP0 pid=132)` names it; empty where no process is named. */
  process: string;
  level: "quiet" | "progress" | "error" | "none";
  text: string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal are such
const colours = /\u001b\[[\d;]*m/g;
/** `(Worker_TP0 pid=12) `, `(VllmWorker rank=1 pid=12) `, `[rank0]: ` of torchrun. */
const process_pattern = /^(?:\(([^()]*\bpid=\d+)\) ?|\[(rank\d+)\]:\s?)/;
/** `[2025-11-23 10:00:00 TP0] ` of SGLang, `2025-11-23 10:00:00,123 - ` of Python. */
const stamp = /^\[?(?:\d{4}-)?\d\d-\d\d[ T][\d:.,]+(?: [A-Z]{2}\d+)*\]?(?: -)? ?/;
const level_pattern = /^\[?(DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)\b\]?(?: -|:)?/;
/** `[W1130 23:20:48.8 utils.cpp:68] ` of PyTorch, `W0309 12:56:44.1 132 torch/x.py:88] ` of Google's format. */
const letter_pattern = /^\[?([IWEF])\d{4} [\d:.]+ [^\]]*\] ?/;
/** ` 03-09 12:56:44 [core.py:1100] ` of vLLM, without the first bracket before 0.8. */
const place = /^ (?:\d\d-\d\d \d\d:\d\d:\d\d )?\[?[\w./<>-]+:\d+\] ?|^ +/;
/** An engine that ends says so at the level of news, too. */
const ending = /shut|kill|terminat|stop|exit|died|fail|error|wait/i;

const exception =
  /^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Failure|Interrupt|Exit|Timeout|Expired|Abort|NotFound)(?::|$)|^Exception(?::|$)/;
/** What native code, Python's interpreter, argparse and pydantic print without a level. */
const native =
  /^\s*(?:what\(\):|Fatal Python error:|terminate called|Bus error|Segmentation fault|(?:[\w./ -]+: )?error: |Value error, )/;
/** A frame of a traceback, a line of source, or marks below one. A message's own lines are indented by less. */
const frame = /^\s*(?:\||\+)?\s*File "|^\s{4,}|^\s*[\^~]+\s*$/;
const turn =
  /^(?:Traceback \(|During handling of the above|The above exception was|Process \S+:$)|Warning: |warnings\.warn/;
const context_lines = 8;

/**
 * By what counts, not by what does not: messages at the level of an error, exceptions with the lines of their text,
 * and the few forms of native code. Left out is what the process that said it outlived.
 */
export function complaintsIn(log: readonly string[]): Complaint[] {
  const lines = log.map(read);
  const lived = lastSignsOfLife(lines);
  const found: Complaint[] = [];
  let inMessage = false;
  for (const [at, line] of lines.entries()) {
    const { process, level, text } = line;
    inMessage = goesOn(line, inMessage);
    if ((level !== "error" && !inMessage) || frame.test(text)) continue;
    // Only an exception that nothing names may be of any process.
    const whose = level === "none" && process === "" ? any : process;
    if ((lived.get(whose) ?? -1) > at) continue;
    const context = log.slice(Math.max(0, at - context_lines), at).join("\n");
    found.push({ at, text: text.trim(), context, exception: exception.test(text) });
  }
  return found;
}

/** Whether the line, which no level judges, begins what counts or is more of it. */
function goesOn({ level, text }: Line, inMessage: boolean): boolean {
  if (level !== "none") return false;
  if (exception.test(text) || native.test(text)) return true;
  return inMessage && !turn.test(text) && text !== "";
}

const any = "*";

function lastSignsOfLife(lines: readonly Line[]): Map<string, number> {
  const lived = new Map<string, number>();
  for (const [at, { process, level, text }] of lines.entries()) {
    if (level !== "progress" || ending.test(text)) continue;
    lived.set(process, at);
    lived.set(any, at);
  }
  return lived;
}

function read(line: string): Line {
  const plain = line.replace(colours, "");
  const [head = "", named, rank] = process_pattern.exec(plain) ?? [];
  const process = named ?? rank ?? "";
  const said = plain.slice(head.length);
  const [letters = "", letter = ""] = letter_pattern.exec(said) ?? [];
  if (letters !== "") return { process, level: levelOf(letter), text: said.slice(letters.length) };
  const rest = said.replace(stamp, "");
  const [word = "", level = ""] = level_pattern.exec(rest) ?? [];
  if (word === "") return { process, level: "none", text: rest.replace(/^ *[|+] /, "") };
  return { process, level: levelOf(level), text: rest.slice(word.length).replace(place, "") };
}

function levelOf(word: string): Line["level"] {
  if (/^[EFC]/.test(word)) return "error";
  return word === "INFO" ? "progress" : "quiet";
}
