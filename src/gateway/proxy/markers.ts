/** Only a frame that holds one of these can mean more than "some more words". */
const words = ["[DONE]", "error: ", "event:", '"__verbose"'].map((text) => Buffer.from(text));
/** These too, unless nothing stands behind them: many runtimes write them into every frame. */
const keys = ['"finish_reason"', '"tool_calls"', '"usage"', '"error"'].map((text) =>
  Buffer.from(text),
);
const markers = [...words, ...keys];

/** Finds the next place in one piece where a marker stands; each marker is searched for only once. */
export class MarkerScan {
  readonly #bytes: Buffer;
  readonly #next: number[];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#next = markers.map((_, index) => this.#find(index, 0));
  }

  /** Index of the first marker at or behind FROM; the length of the piece when there is none. */
  first(from: number): number {
    let first = this.#bytes.length;
    for (let index = 0; index < markers.length; index++) {
      let at = this.#next[index] ?? -1;
      if (at !== -1 && at < from) {
        at = this.#find(index, from);
        this.#next[index] = at;
      }
      if (at !== -1 && at < first) first = at;
    }
    return first;
  }

  #find(index: number, from: number): number {
    const marker = markers[index];
    if (!marker) return -1;
    let at = this.#bytes.indexOf(marker, from);
    if (index < words.length) return at;
    while (at !== -1 && isNothing(this.#bytes, at + marker.length)) {
      at = this.#bytes.indexOf(marker, at + marker.length);
    }
    return at;
  }
}

const colon = 0x3a;
const [n, u, l] = [0x6e, 0x75, 0x6c];
const [opened, closed] = [0x5b, 0x5d];

/** The value behind the key that ends at FROM is null or an empty array. */
function isNothing(bytes: Buffer, from: number): boolean {
  const at = behindBlanks(bytes, from);
  if (bytes[at] !== colon) return false;
  const value = behindBlanks(bytes, at + 1);
  const [first, second] = [bytes[value], bytes[value + 1]];
  if (first === opened) return second === closed;
  return first === n && second === u && bytes[value + 2] === l && bytes[value + 3] === l;
}

function behindBlanks(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x09) at++;
  return at;
}
