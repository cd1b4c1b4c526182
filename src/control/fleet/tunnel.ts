import { admitted, joined } from "../../../agent/contract/protocol/tunnel.ts";
import type { AgentSocket, Guest } from "./agent-port.ts";

/** Whoever wants a connection to a runtime. */
export interface Taker {
  /** It does not want one any more. */
  readonly gone: boolean;
  reached(socket: Pick<AgentSocket, "write" | "pause" | "resume" | "terminate">): void;
  /** Bytes can be sent. */
  ready(): void;
  received(bytes: Buffer): void;
  flush(): void;
  closed(error: Error | undefined): void;
}

/** What its pool wants to know of a tunnel. */
export interface TunnelOwner {
  now(): number;
  /** SILENT_MS: how long it had not answered, when it was given up before its host had joined it. */
  ended(tunnel: Tunnel, silent_ms: number): void;
}

/** One tunnel, from its admission to its end, see agent/contract/tunnel.ts. */
export class Tunnel implements Guest {
  readonly #socket: AgentSocket;
  readonly #owner: TunnelOwner;
  #taker: Taker | undefined;
  #taken_at = 0;
  #joined = false;

  constructor(socket: AgentSocket, owner: TunnelOwner) {
    this.#socket = socket;
    this.#owner = owner;
    socket.write(admitted);
  }

  /** Asks the host for the replica of this NAME; TAKER hears of all that follows. */
  take(name: string, taker: Taker): void {
    this.#taker = taker;
    this.#taken_at = this.#owner.now();
    taker.reached(this.#socket);
    this.#socket.write(`${name}\n`);
  }

  end(): void {
    this.#socket.terminate();
  }

  received(bytes: Buffer): void {
    if (this.#joined) this.#taker?.received(bytes);
    else if (!this.#taker || bytes.toString("latin1", 0, 1) !== joined) this.end();
    else {
      this.#joined = true;
      this.#taker.ready();
      if (bytes.length > 1) this.#taker.received(bytes.subarray(1));
    }
  }

  drained(): void {
    this.#taker?.flush();
  }

  lost(error: Error | undefined): void {
    const taker = this.#taker;
    this.#taker = undefined;
    const waited = taker && !this.#joined;
    this.#owner.ended(this, waited ? this.#owner.now() - this.#taken_at : 0);
    taker?.closed(error);
  }
}
