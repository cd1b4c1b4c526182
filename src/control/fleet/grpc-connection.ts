import { Duplex } from "node:stream";
import type { AgentSocket, Guest } from "./agent-port.ts";

/** A decrypted connection as node's http2 wants one. */
export class GrpcConnection extends Duplex implements Guest {
  /** grpc-js makes the name of the peer of these two; no two open connections have the same. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly #socket: AgentSocket;
  #unsent: Buffer | undefined;
  #written: ((error?: Error) => void) | undefined;

  constructor(socket: AgentSocket) {
    super();
    this.#socket = socket;
    this.remoteAddress = socket.remoteAddress;
    this.remotePort = socket.remotePort;
  }

  received(bytes: Buffer): void {
    if (!this.push(bytes)) this.#socket.pause();
  }

  drained(): void {
    if (!this.#unsent) return;
    const taken = this.#socket.write(this.#unsent);
    if (taken >= 0 && taken < this.#unsent.length) {
      this.#unsent = this.#unsent.subarray(taken);
      return;
    }
    this.#unsent = undefined;
    const written = this.#written;
    this.#written = undefined;
    written?.(taken < 0 ? new Error("The agent's connection is gone.") : undefined);
  }

  lost(): void {
    this.push(null);
    this.destroy();
  }

  // http2 sets these on its sockets; Bun's have them set on their own, and patience is gRPC's own.
  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(bytes: Buffer, _: string, written: (error?: Error) => void): void {
    this.#unsent = bytes;
    this.#written = written;
    this.drained();
  }

  override _final(done: () => void): void {
    this.#socket.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.terminate();
    done(error);
  }
}
