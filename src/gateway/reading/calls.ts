/** The calls of tools in an answer: every one with an id, a name, and its arguments as text. */
import { newId } from "../../shared/identifier.ts";
import { isObject } from "../request/json.ts";

type Json = Record<string, unknown>;

/** A call as far as it has come. */
interface Call {
  /** The index that the runtime gives it; null when it gives none. */
  given: number | null;
  id: string | null;
  name: string | null;
  arguments: string;
  /** Its place among the calls; null until its first piece has gone on. */
  place: number | null;
}

interface Piece {
  given: number | null;
  id: string | null;
  name: string | null;
  arguments: string;
}

/**
 * Puts the pieces of calls in order. Runtimes leave `index` out, say 0 for every call, begin at 1 or write
 * it as text; repeat the id and the name with every piece, or leave the id out; name a call late; and give
 * arguments as an object (ollama/ollama#15457, vercel/ai#14277, ggml-org/llama.cpp#20198).
 */
export class Calls {
  readonly #calls: Call[] = [];
  #begun = 0;

  get any(): boolean {
    return this.#begun > 0;
  }

  /** A call was begun that nobody has named: what it was for is not known. */
  get nameless(): boolean {
    return this.#calls.some(
      ({ name, id, arguments: text }) => name === null && (id ?? text) !== "",
    );
  }

  /** PIECES as they ought to be; the same array when they are. What must wait for its name is left out. */
  read(pieces: unknown[]): unknown[] {
    const made = pieces.map((given, position) => {
      const piece = isObject(given) ? pieceOf(given) : null;
      if (!piece || !isObject(given)) return null;
      const call = this.#find(piece, position - pieces.length) ?? this.#open(piece);
      return this.#say(call, piece, given);
    });
    const said = made.filter((piece) => piece !== null);
    const isSame = said.length === pieces.length && said.every((piece, at) => piece === pieces[at]);
    return isSame ? pieces : said;
  }

  /** The call that PIECE goes on with; null when it begins one. FROM: its place, from the end of its chunk. */
  #find(piece: Piece, from: number): Call | null {
    const { given, id, name } = piece;
    const called = id === null ? null : this.#byId(id, given);
    if (called) return isAnother(called, piece) ? null : called;
    const call = given === null ? this.#at(piece, from) : this.#byIndex(given);
    if (!call) return null;
    if (id !== null && call.id !== null) {
      // Older vLLM makes up an id for every piece. Only with an index can it be told from another call.
      return given !== null && name === null && call.name !== null ? call : null;
    }
    const goesOn = name === null || call.name === null;
    return goesOn || (name === call.name && !isAnother(call, piece)) ? call : null;
  }

  #byId(id: string, given: number | null): Call | undefined {
    const fits = (call: Call) => given === null || call.given === null || call.given === given;
    return this.#calls.findLast((call) => call.id === id && fits(call));
  }

  #byIndex = (given: number): Call | undefined =>
    this.#calls.findLast((call) => call.given === given);

  /** Without index, id and name the pieces of one chunk are those of the last calls, in their order. */
  #at = ({ id, name }: Piece, from: number): Call | undefined =>
    (id === null && name === null ? this.#calls.at(from) : undefined) ?? this.#calls.at(-1);

  #open({ given }: Piece): Call {
    const call: Call = { given, id: null, name: null, arguments: "", place: null };
    this.#calls.push(call);
    return call;
  }

  /** What a tool gave is matched to its call by the id, so no two may have the same. */
  #unused = (id: string | null): string | null =>
    this.#calls.some((call) => call.id === id) ? null : id;

  #say(call: Call, piece: Piece, given: Json): Json | null {
    call.id ??= this.#unused(piece.id);
    call.name ??= piece.name;
    call.arguments += piece.arguments;
    if (call.name === null) return null;
    if (call.place !== null) return asContinued(given, call.place, piece.arguments);
    call.place = this.#begun++;
    call.id ??= newId("call");
    return asBegun(given, call.place, call.id, call.name, call.arguments);
  }
}

/** The calls of a whole message; the same array when they are as they ought to be, null when one has no name. */
export function wholeCalls(calls: unknown[]): unknown[] | null {
  const reader = new Calls();
  const given = calls.filter(isObject);
  const read = reader.read(given.map((call, index) => ({ ...call, index })));
  if (reader.nameless) return null;
  const made = read.filter(isObject).map(({ index: _, ...call }, at) => {
    const before = given[at] ?? {};
    const isSame = before["id"] === call["id"] && before["type"] === call["type"];
    return isSame && sameFunction(before, call) ? before : call;
  });
  const isSame = made.length === calls.length && made.every((call, at) => call === calls[at]);
  return isSame ? calls : made;
}

function sameFunction(before: Json, after: Json): boolean {
  const [one, other] = [before["function"], after["function"]];
  return isObject(one) && isObject(other) && one["arguments"] === other["arguments"];
}

function pieceOf(piece: Json): Piece {
  const { index, id } = piece;
  const made = isObject(piece["function"]) ? piece["function"] : piece;
  const number = typeof index === "string" && /^\d+$/.test(index) ? Number(index) : index;
  return {
    given: typeof number === "number" ? number : null,
    id: filled(id),
    name: filled(made["name"]),
    arguments: argumentsOf(made["arguments"]),
  };
}

const filled = (value: unknown): string | null =>
  typeof value === "string" && value !== "" ? value : null;

function argumentsOf(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "object" && value !== null ? JSON.stringify(value) : "";
}

/** A name said again with further arguments, though those of CALL are whole, begins another call. */
const isAnother = (call: Call, piece: Piece): boolean =>
  piece.name !== null && piece.arguments !== "" && call.name !== null && isWhole(call.arguments);

function isWhole(text: string): boolean {
  try {
    return isObject(JSON.parse(text));
  } catch {
    return false;
  }
}

function asBegun(given: Json, index: number, id: string, name: string, text: string): Json {
  const made = isObject(given["function"]) ? given["function"] : {};
  const isRight = given["index"] === index && given["id"] === id && given["type"] === "function";
  if (isRight && made["name"] === name && made["arguments"] === text) return given;
  return { index, id, type: "function", function: { name, arguments: text } };
}

/** Id and name stand with the first piece alone: clients that join pieces would join those, too. */
function asContinued(given: Json, index: number, text: string): Json {
  const made = isObject(given["function"]) ? given["function"] : {};
  const isRight = given["index"] === index && filled(given["id"]) === null;
  if (isRight && filled(made["name"]) === null && made["arguments"] === text) return given;
  return { index, function: { arguments: text } };
}
