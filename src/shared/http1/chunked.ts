import { isOfName, isText } from "./fields.ts";
import { ProtocolError } from "./protocol-error.ts";

type State =
  | "size"
  | "size-blank"
  | "extension"
  | "size-lf"
  | "data"
  | "data-cr"
  | "data-lf"
  | "trailer"
  | "trailer-value"
  | "trailer-lf"
  | "done";

const cr = 13;
const lf = 10;
const tab = 9;
const space = 32;
const colon = 58;
const semicolon = 0x3b;
/** With leading zeros, as in Go; and without them what a number holds exactly. */
const max_size_digits = 16;
const max_size = 2 ** 48;
const max_extension_bytes = 4096;
const max_trailer_bytes = 16_384;

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
  /** Of a trailer, as far as it has come. */
  #name = "";
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
      case "size-blank":
        this.#sizeEnd(byte);
        return;
      case "extension":
        if (byte === cr) this.#state = "size-lf";
        else this.#skip(isText(byte), max_extension_bytes, "A chunk has a broken extension.");
        return;
      case "size-lf":
        this.#expect(byte, lf);
        this.#state = this.#remaining === 0 ? "trailer" : "data";
        this.#skipped = 0;
        return;
      case "data-cr":
        this.#expect(byte, cr);
        this.#state = "data-lf";
        return;
      case "data-lf":
        this.#expect(byte, lf);
        this.#state = "size";
        this.#digits = 0;
        return;
      case "trailer":
        this.#trailerByte(byte);
        return;
      case "trailer-value":
        if (byte === cr) this.#state = "trailer-lf";
        else this.#skip(isText(byte), max_trailer_bytes, brokenTrailers);
        return;
      case "trailer-lf":
        this.#skip(byte === lf, max_trailer_bytes, brokenTrailers);
        this.#state = this.#name === "" ? "done" : "trailer";
        this.#name = "";
        return;
      case "data":
      case "done":
        return;
    }
  }

  #sizeByte(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#remaining = this.#remaining * 16 + digit;
      if (++this.#digits > max_size_digits || this.#remaining >= max_size) {
        throw new ProtocolError("A chunk is too large.");
      }
      return;
    }
    if (this.#digits === 0) throw new ProtocolError("A chunk has no size.");
    this.#sizeEnd(byte);
  }

  /** Blanks behind a size are there in the wild, before its end and before an extension; nothing else may be. */
  #sizeEnd(byte: number): void {
    if (byte === cr) this.#state = "size-lf";
    else if (byte === semicolon) this.#state = "extension";
    else {
      this.#skip(byte === space || byte === tab, max_extension_bytes, "A chunk has a broken size.");
      this.#state = "size-blank";
    }
  }

  /** A trailer is written as a header is (RFC 9112 7.1.2): whoever reads it must not find another message in it. */
  #trailerByte(byte: number): void {
    if (byte === cr && this.#name === "") {
      this.#state = "trailer-lf";
      return;
    }
    const isNamed = byte === colon && this.#name !== "" && !framing.has(this.#name);
    this.#skip(isNamed || isOfName(byte), max_trailer_bytes, brokenTrailers);
    if (isNamed) this.#state = "trailer-value";
    else this.#name += String.fromCharCode(byte).toLowerCase();
  }

  /** One byte that is read for nothing. */
  #skip(isRight: boolean, most: number, sentence: string): void {
    if (!isRight || ++this.#skipped > most) throw new ProtocolError(sentence);
  }

  #expect(byte: number, wanted: number): void {
    if (byte !== wanted) throw new ProtocolError("The chunked coding is broken.");
  }
}

/** May not be in a trailer (RFC 9110 6.5.1): it would say, too late, where the message ends, or what follows. */
const framing: ReadonlySet<string> = new Set([
  ...["content-length", "transfer-encoding"],
  ...["connection", "proxy-connection", "upgrade"],
]);
const brokenTrailers = "The trailers are broken, or too long.";

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
