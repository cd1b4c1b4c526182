import { noBytes } from "./answer.ts";
import { endOfHead, withoutEmptyLines } from "./head-lines.ts";
import { parseRequestHead, type RequestHead } from "./request-head.ts";
import type { Room } from "./room.ts";

/** Kept of further requests that a client sends before it has its answer. */
const max_ahead_bytes = 65_536;

/** What has come of a client and was not read yet: a part of a head, or what it sends ahead of its answers. */
export class Input {
  readonly #room: Room;
  #bytes: Buffer = noBytes;
  /** Bytes of the room that it takes. */
  #taken = 0;

  constructor(room: Room) {
    this.#room = room;
  }

  get empty(): boolean {
    return this.#bytes.length === 0;
  }

  /** It holds so much that no more may be read off the socket, whoever would go on. */
  get isFull(): boolean {
    return this.#bytes.length > max_ahead_bytes;
  }

  add(bytes: Buffer): void {
    this.#bytes = this.empty ? bytes : Buffer.concat([this.#bytes, bytes]);
  }

  /** The next request's head, when all of it is here; null before. Throws a `ProtocolError`. */
  takeHead(): RequestHead | null {
    const bytes = withoutEmptyLines(this.#bytes);
    this.#bytes = bytes;
    if (bytes.length === 0) return null;
    const bodyAt = endOfHead(bytes);
    if (bodyAt === -1) return null;
    this.#bytes = bodyAt === bytes.length ? noBytes : bytes.subarray(bodyAt);
    return parseRequestHead(bytes, bodyAt);
  }

  /** All that is here. */
  take(): Buffer {
    const bytes = this.#bytes;
    this.#bytes = noBytes;
    return bytes;
  }

  /** Takes room for all that is here. One read off a socket is half a megabyte; there may be thousands of clients. */
  reserve(): boolean {
    if (!this.#room.take(this.#bytes.length - this.#taken)) return false;
    this.#taken = this.#bytes.length;
    return true;
  }

  giveBack(): void {
    this.#room.give(this.#taken);
    this.#taken = 0;
  }

  clear(): void {
    this.#bytes = noBytes;
    this.giveBack();
  }
}
