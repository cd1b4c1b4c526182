const line_bytes = 2048;
const line_feed = 10;
const carriage_return = 13;

/**
 * Bytes to lines. A carriage return ends a line too, or a progress bar would show nothing until it is
 * full; blank lines are left out, a line is cut at 2 KB, and what is no UTF-8 becomes U+FFFD.
 */
export class LineSplitter {
  #pending: Buffer = Buffer.alloc(0);

  /** The lines that end in BYTES; the rest waits for more. */
  push(bytes: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let at = 0; at < bytes.length; at++) {
      if (bytes[at] !== line_feed && bytes[at] !== carriage_return) continue;
      this.#add(bytes.subarray(start, at));
      lines.push(...this.end());
      start = at + 1;
    }
    this.#add(bytes.subarray(start));
    return lines;
  }

  /** The line that has no end yet, as if it had: none or one. */
  end(): string[] {
    const text = textOf(this.#pending);
    this.#pending = Buffer.alloc(0);
    return text.trim() === "" ? [] : [text];
  }

  /** One byte more than a line may have is kept, to know that it was cut. */
  #add(bytes: Buffer): void {
    const room = line_bytes + 1 - this.#pending.length;
    if (bytes.length > 0) this.#pending = Buffer.concat([this.#pending, bytes.subarray(0, room)]);
  }
}

function textOf(line: Buffer): string {
  if (line.length <= line_bytes) return line.toString("utf8");
  // As a stream, the decoder keeps back the character that the cut has broken.
  return new TextDecoder().decode(line.subarray(0, line_bytes), { stream: true });
}
