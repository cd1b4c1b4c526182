/** Only a frame that holds one of these can mean more than "one more token". */
const markers = [
  '"usage"',
  '"finish_reason":"',
  '"finish_reason": "',
  "[DONE]",
  '"error"',
  "error: ",
  "event:",
  '"__verbose"',
].map((marker) => Buffer.from(marker));

/** Finds the next place in one piece where a marker stands; each marker is searched for only once. */
export class MarkerScan {
  readonly #bytes: Buffer;
  readonly #next: number[];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#next = markers.map((marker) => bytes.indexOf(marker));
  }

  /** Index of the first marker at or behind FROM; the length of the piece when there is none. */
  first(from: number): number {
    let first = this.#bytes.length;
    for (let index = 0; index < markers.length; index++) {
      let at = this.#next[index] ?? -1;
      if (at !== -1 && at < from) {
        at = this.#bytes.indexOf(markers[index] ?? "", from);
        this.#next[index] = at;
      }
      if (at !== -1 && at < first) first = at;
    }
    return first;
  }
}
