import { ProtocolError } from "./protocol-error.ts";

type State =
  | "size"
  | "extension"
  | "size-lf"
  | "data"
  | "data-cr"
  | "data-lf"
  | "trailer"
  | "trailer-lf"
  | "done";

const CR = 13;
const LF = 10;
const maxSizeDigits = 12;
const maxExtensionBytes = 4096;
const maxTrailerBytes = 16_384;

/**
 * Incremental decoder of the chunked coding (RFC 9112 7.1). Extensions and trailers are skipped.
 * The payload is moved together inside the buffer that came off the socket, so that one socket read
 * gives one contiguous piece however many chunks it held: runtimes send one chunk per token.
 */
export class ChunkedDecoder {
  #state: State = "size";
  #remaining = 0;
  #digits = 0;
  #skipped = 0;
  #lineLength = 0;
  #position = 0;

  get done(): boolean {
    return this.#state === "done";
  }

  /** Index of the first byte of the last `decode` that lies behind the end of the body. */
  get position(): number {
    return this.#position;
  }

  /** Payload found in BYTES from FROM on: a view on BYTES, whose framing is overwritten. */
  decode(bytes: Buffer, from: number): Buffer {
    let start = -1;
    let end = -1;
    let at = from;
    while (at < bytes.length && this.#state !== "done") {
      if (this.#state !== "data") {
        this.#frame(bytes[at] as number);
        at++;
        continue;
      }
      const stop = Math.min(bytes.length, at + this.#remaining);
      if (start === -1) {
        start = at;
        end = stop;
      } else {
        bytes.copyWithin(end, at, stop);
        end += stop - at;
      }
      this.#remaining -= stop - at;
      at = stop;
      if (this.#remaining === 0) this.#state = "data-cr";
    }
    this.#position = at;
    return start === -1 ? bytes.subarray(0, 0) : bytes.subarray(start, end);
  }

  #frame(byte: number): void {
    switch (this.#state) {
      case "size":
        this.#sizeByte(byte);
        return;
      case "extension":
        if (byte === CR) this.#state = "size-lf";
        else if (byte === LF || ++this.#skipped > maxExtensionBytes) {
          throw new ProtocolError("A chunk has a broken extension.");
        }
        return;
      case "size-lf":
        this.#expect(byte, LF);
        this.#state = this.#remaining === 0 ? "trailer" : "data";
        this.#skipped = 0;
        this.#lineLength = 0;
        return;
      case "data-cr":
        this.#expect(byte, CR);
        this.#state = "data-lf";
        return;
      case "data-lf":
        this.#expect(byte, LF);
        this.#state = "size";
        this.#digits = 0;
        return;
      case "trailer":
        this.#trailerByte(byte);
        return;
      case "trailer-lf":
        this.#expect(byte, LF);
        this.#state = this.#lineLength === 0 ? "done" : "trailer";
        this.#lineLength = 0;
        return;
      case "data":
      case "done":
        return;
    }
  }

  #sizeByte(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      if (++this.#digits > maxSizeDigits) {
        throw new ProtocolError("A chunk is too large.");
      }
      this.#remaining = this.#remaining * 16 + digit;
      return;
    }
    if (this.#digits === 0) throw new ProtocolError("A chunk has no size.");
    if (byte === CR) this.#state = "size-lf";
    else if (byte === 0x3b || byte === 0x20 || byte === 0x09) this.#state = "extension";
    else throw new ProtocolError("A chunk has a broken size.");
  }

  #trailerByte(byte: number): void {
    if (++this.#skipped > maxTrailerBytes) {
      throw new ProtocolError("The trailers are too long.");
    }
    // A line feed alone ends the trailers for one reader and not for another.
    if (byte === LF) throw new ProtocolError("The trailers are broken.");
    if (byte === CR) this.#state = "trailer-lf";
    else this.#lineLength++;
  }

  #expect(byte: number, wanted: number): void {
    if (byte !== wanted) throw new ProtocolError("The chunked coding is broken.");
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
