import { ProtocolError } from "./protocol-error.ts";

/** Characters of a token (RFC 9110 5.6.2), by code. */
const isTokenByte = new Uint8Array(256);
for (const character of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") {
  isTokenByte[character.charCodeAt(0)] = 1;
  isTokenByte[character.toUpperCase().charCodeAt(0)] = 1;
}

const cr = 13;
const lf = 10;
const tab = 9;
const space = 32;
const colon = 58;
const del = 127;
const max_fields = 128;

/** Whether a name may have BYTE, and a value. */
export const isOfName = (byte: number): boolean => isTokenByte[byte] === 1;
export const isText = (byte: number): boolean => byte === tab || (byte >= space && byte !== del);

/**
 * The header section of a message: checked once, as bytes, and decoded field by field when somebody
 * asks, because most fields of most messages interest nobody here.
 */
export class Fields {
  readonly #bytes: Buffer;
  /** Start and end of the name, start and end of the value; field after field. */
  readonly #spans: number[] = [];

  /** The lines from FROM up to TO, the last without its line end; at most MOST. Throws a `ProtocolError`. */
  constructor(bytes: Buffer, from: number, to: number, most = max_fields) {
    this.#bytes = bytes;
    for (let at = from; at < to; ) {
      if (this.#spans.length >= most * 4) throw new ProtocolError("Too many headers.", 431);
      at = this.#readLine(at, to);
    }
  }

  /** NAME in lower case. A field that is there more than once is joined by ", " (RFC 9110 5.3). */
  get(name: string): string | null {
    let found: string | null = null;
    const spans = this.#spans;
    for (let index = 0; index < spans.length; index += 4) {
      if (!this.#isNamed(index, name)) continue;
      const value = this.#bytes.toString("latin1", spans[index + 2], spans[index + 3]);
      found = found === null ? value : `${found}${name === "cookie" ? "; " : ", "}${value}`;
    }
    return found;
  }

  /** How often the field is there. */
  count(name: string): number {
    let count = 0;
    for (let index = 0; index < this.#spans.length; index += 4) {
      if (this.#isNamed(index, name)) count++;
    }
    return count;
  }

  /** Whether a value of the field has a tab behind it, which some readers take for a part of it. */
  hasTabBehind(name: string): boolean {
    const spans = this.#spans;
    for (let index = 0; index < spans.length; index += 4) {
      if (!this.#isNamed(index, name)) continue;
      let at = spans[index + 3] as number;
      while (this.#bytes[at] === space) at++;
      if (this.#bytes[at] === tab) return true;
    }
    return false;
  }

  /** Every field by its name in lower case, in the order of the message. */
  *entries(): Generator<[name: string, value: string], void, void> {
    const spans = this.#spans;
    for (let index = 0; index < spans.length; index += 4) {
      const name = this.#bytes.toString("latin1", spans[index], spans[index + 1]).toLowerCase();
      yield [name, this.#bytes.toString("latin1", spans[index + 2], spans[index + 3])];
    }
  }

  /** Returns where the next line begins. */
  #readLine(start: number, to: number): number {
    const bytes = this.#bytes;
    let at = start;
    while (isTokenByte[bytes[at] as number] === 1) at++;
    // A space before the colon, or a folded line, is read in two ways by two readers (RFC 9112 5.1, 5.2).
    if (at === start || bytes[at] !== colon) throw new ProtocolError("A header line is broken.");
    const nameEnd = at++;
    while (at < to && (bytes[at] === space || bytes[at] === tab)) at++;
    const valueStart = at;
    while (at < to && isText(bytes[at] as number)) at++;
    // NUL, and CR and LF that are no line end, are how messages are smuggled into others.
    if (at < to && (bytes[at] !== cr || bytes[at + 1] !== lf)) {
      throw new ProtocolError("A header has a control character.");
    }
    let valueEnd = at;
    while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1] as number)) valueEnd--;
    this.#spans.push(start, nameEnd, valueStart, valueEnd);
    return at + 2;
  }

  #isNamed(index: number, name: string): boolean {
    const start = this.#spans[index] as number;
    if ((this.#spans[index + 1] as number) - start !== name.length) return false;
    for (let offset = 0; offset < name.length; offset++) {
      const code = name.charCodeAt(offset);
      const byte = this.#bytes[start + offset] as number;
      if (byte !== code && !(code >= 97 && code <= 122 && byte === code - 32)) return false;
    }
    return true;
  }
}

const isBlank = (byte: number): boolean => byte === space || byte === tab;
