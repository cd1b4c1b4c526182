const lf = 10;
const cr = 13;

/** A stream may end its lines with CR alone (WHATWG HTML 9.2.5); those that are looked for end with LF. */
export class LineEnds {
  #isBare = false;
  #endedWithCR = false;

  /** ALL with other ends of lines where they are CR alone. KNOWN: how many bytes of it were seen before. */
  plain(all: Buffer, known: number): Buffer {
    if (!this.#isBare) {
      this.#isBare = hasBareCR(all, Math.max(0, known - 1));
      return this.#isBare ? this.#converted(all) : all;
    }
    const isRestOfCRLF = this.#endedWithCR && all[known] === lf;
    const seen = all.subarray(0, known);
    const fresh = this.#converted(all.subarray(isRestOfCRLF ? known + 1 : known));
    return known === 0 ? fresh : Buffer.concat([seen, fresh]);
  }

  #converted(bytes: Buffer): Buffer {
    this.#endedWithCR = bytes[bytes.length - 1] === cr;
    return Buffer.from(bytes.toString("latin1").replace(/\r\n?/g, "\n"), "latin1");
  }
}

/** A CR at the very end may still be followed by its LF. */
function hasBareCR(bytes: Buffer, from: number): boolean {
  for (let at = bytes.indexOf(cr, from); at !== -1; at = bytes.indexOf(cr, at + 1)) {
    if (at + 1 < bytes.length && bytes[at + 1] !== lf) return true;
  }
  return false;
}
