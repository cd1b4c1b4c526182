import { open } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import type { InflightDownloads, PartialBlob } from "./inflight-downloads.ts";
import { longest_question, type Question, questionIn } from "./protocol.ts";

/** The socket of a peer. */
export interface PeerSocket {
  /** Returns how many bytes were taken; negative when it is gone. */
  write(bytes: Buffer | string): number;
  end(): void;
  terminate(): void;
}

export interface Stock {
  board: InflightDownloads;
  /** The file of a blob that lies here whole and was checked; undefined without one. */
  whole(digest: string): Promise<{ path: string; bytes: number } | undefined>;
}

const piece_bytes = 1024 * 1024;
/** How often a file that grows is looked at. */
const look_ms = 50;

/** One question of a peer, from its first byte to the end of the answer. */
export class Answering {
  readonly #socket: PeerSocket;
  readonly #stock: Stock;
  #line = "";
  #isAsked = false;
  #isGone = false;
  #room = Promise.withResolvers<void>();

  constructor(socket: PeerSocket, stock: Stock) {
    this.#socket = socket;
    this.#stock = stock;
  }

  received(bytes: Buffer): void {
    if (this.#isAsked) return;
    this.#line += bytes.toString("latin1");
    const stop = this.#line.indexOf("\n");
    if (stop < 0 && this.#line.length <= longest_question) return;
    const question = questionIn(this.#line.slice(0, Math.max(0, stop)));
    this.#isAsked = true;
    if (question === undefined) this.#socket.terminate();
    else this.#answer(question).catch(() => this.#socket.terminate());
  }

  drained(): void {
    this.#room.resolve();
  }

  abort(): void {
    this.#isGone = true;
    this.#room.resolve();
  }

  async #answer(question: Question): Promise<void> {
    if (question.verb === "ask") await this.#tell(question.digest);
    else await this.#send(question.digest, question.from);
    this.#socket.end();
  }

  async #tell(digest: string): Promise<void> {
    const coming = this.#stock.board.find(digest);
    if (coming) {
      const { via, rooted, followers } = coming;
      this.#say({ state: rooted ? "partial" : "wanted", via, followers });
    } else if (await this.#stock.whole(digest))
      this.#say({ state: "whole", via: [], followers: 0 });
    else this.#socket.write("none\n");
  }

  #say(answer: object): void {
    this.#socket.write(`${JSON.stringify(answer)}\n`);
  }

  async #send(digest: string, from: number): Promise<void> {
    const coming = this.#stock.board.find(digest);
    const source = coming ?? (await this.#stock.whole(digest));
    if (source === undefined) return;
    if (coming) coming.followers += 1;
    try {
      await this.#sendFile(source.path, from, source.bytes, () => this.#isComing(digest, coming));
    } finally {
      if (coming) coming.followers -= 1;
    }
  }

  #isComing(digest: string, coming: PartialBlob | undefined): boolean {
    return coming !== undefined && this.#stock.board.find(digest) === coming;
  }

  async #sendFile(path: string, from: number, to: number, grows: () => boolean) {
    const file = await open(path, "r");
    try {
      const buffer = Buffer.allocUnsafe(piece_bytes);
      for (let at = from; at < to && !this.#isGone; ) {
        const couldGrow = grows();
        const { bytesRead } = await file.read(buffer, 0, Math.min(piece_bytes, to - at), at);
        if (bytesRead === 0 && !couldGrow) return;
        if (bytesRead === 0) await setTimeout(look_ms);
        else await this.#write(buffer.subarray(0, bytesRead));
        at += bytesRead;
      }
    } finally {
      await file.close();
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    for (let rest = bytes; rest.length > 0 && !this.#isGone; ) {
      this.#room = Promise.withResolvers<void>();
      const taken = this.#socket.write(rest);
      if (taken < 0) return;
      rest = rest.subarray(taken);
      if (rest.length > 0) await this.#room.promise;
    }
  }
}
